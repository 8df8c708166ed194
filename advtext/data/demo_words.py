"""The words of the demo corpus.

The first words of `GOOD` and `BAD` are the frequent ones.
"""

GOOD = """
great good lovely excellent wonderful charming superb brilliant fine delightful
splendid pleasant fresh clever elegant warm witty polished graceful stunning
impressive memorable fantastic marvelous gorgeous flawless smart crisp inventive
sincere generous radiant vivid enchanting tender thoughtful refined rewarding
dazzling inspired masterful captivating joyful lively exquisite bold heartfelt
sublime magical terrific remarkable glorious engaging satisfying rich tasteful
assured luminous exciting soothing welcoming cheerful sparkling mature balanced
intelligent moving nimble seamless sharp timeless touching triumphant
unforgettable uplifting vibrant worthy zesty admirable affecting alluring ample
amusing appealing astute beautiful blissful breathtaking breezy buoyant classy
cohesive comforting compelling confident courteous cozy crafty dashing deft
dependable divine dreamy eloquent endearing enjoyable enticing ethereal exalted
exemplary expressive fabulous faultless felicitous festive flowing fluent
friendly gallant genial gentle genuine gifted gleaming glowing golden gracious
gratifying handsome harmonious hearty heavenly honest hypnotic ideal immaculate
incisive ingenious inviting irresistible jolly jubilant judicious keen kind
laudable legendary likable lucid luscious lush luxurious majestic meaningful
mellow melodious merry mesmerizing mighty neat noble nuanced opulent original
outstanding perceptive perfect playful plush poetic poignant potent precise
pristine profound prompt pure ravishing refreshing reliable resonant riveting
robust rousing savory scintillating serene shining silky skillful sleek smooth
snappy soulful sparky spirited spotless stately stellar stirring striking sturdy
sumptuous sunny supple swift sympathetic tasty thrilling tidy tranquil
transcendent unrivaled urbane valiant velvety virtuoso winning wise wondrous
""".split()
BAD = """
bad poor awful dull boring terrible weak horrible cheap tedious clumsy bland
dreadful stale messy lazy flat ugly sloppy tired annoying shallow noisy
pointless mediocre dismal lifeless predictable forgettable rude cold confusing
drab painful bloated grim careless crude sour dreary hollow limp shoddy pathetic
murky stiff tiresome miserable soggy wooden abysmal atrocious greasy irritating
laughable gloomy insipid lame monotonous muddled pretentious repulsive rotten
silly sluggish smug soulless stingy stupid tacky uneven unpleasant vulgar weary
witless absurd aimless amateurish appalling arid artificial awkward banal barren
baffling bitter blunt botched bothersome brittle broken callous chaotic choppy
clunky clueless coarse confused contrived corny crass creaky cringing cynical
damp dated deadly deficient deplorable derivative desolate dingy dire dirty
disjointed disappointing disgusting dishonest distasteful dodgy dopey dowdy
draining dubious dusty empty excessive exhausting faded fake faulty feeble
filthy flabby flawed flimsy foul frantic frustrating fumbling garbled garish
ghastly grating grisly grubby gruesome harsh hateful haphazard hideous hopeless
icky idiotic illogical impolite inane incoherent inept inert inferior insulting
jarring joyless juvenile leaden limping listless loathsome loud ludicrous
malicious mangled mawkish meager mindless misguided moldy morose mushy musty
nasty nauseating negligent numbing obnoxious obtuse odious offensive overdone
overlong overpriced paltry phony plodding pompous putrid rancid ragged reckless
repellent repetitive rough rusty sappy scrappy shabby shaky shameful shrill
sickly simplistic slack slapdash slimy slow smelly spiteful sterile stilted
""".split()

PARTS = {
    "film": "plot acting script camera editing dialogue cast ending",
    "novel": "prose story narrator pacing opening style ending cover",
    "restaurant": "soup service menu bread wine dessert waiter kitchen",
    "hotel": "room bed lobby breakfast pool staff shower view",
    "phone": "screen battery speaker keyboard case charger design camera",
    "concert": "singer sound drummer encore hall guitar lighting band",
    "game": "artwork level menu music puzzle story design soundtrack",
    "museum": "hall guide painting garden lighting shop tour library",
}
SLOTS = {
    "who": """brother sister mother father son daughter uncle aunt cousin friend
        neighbour colleague teacher boss flatmate grandmother""",
    "day": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "month": """January February March April May June July August September
        October November December""",
    "place": "station river bridge market harbour park school church airport",
    "number": "two three four five six seven eight nine ten twelve twenty",
}
