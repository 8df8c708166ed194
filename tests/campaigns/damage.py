"""Ways in which a file is damaged."""

import random


def ways(name, content, number):
    """Returns damaged versions of a file, the same at every call.

    Args:
        name: Of the file; another one is damaged at other places.
        content: Its bytes.
        number: How many places bits are flipped at, and how many times the
            file is cut off, beside the start and the middle.

    Returns:
        Dict from what was done to the bytes that are left.
    """
    draw = random.Random(name)
    found = {"empty": b"", "half": content[: len(content) // 2]}
    lines = [i + 1 for i, byte in enumerate(content) if byte == 10]
    if lines and name.endswith((".toml", ".json", ".csv", ".md", ".txt")):
        # A text that is cut off at a line's end may look whole.
        for end in draw.sample(lines[:-1], min(number, len(lines) - 1)):
            found[f"cut at line's end {end}"] = content[:end]
    for end in draw.sample(range(len(content)), min(number, len(content))):
        found[f"cut at {end}"] = content[:end]
    for place in draw.sample(range(len(content)), min(number, len(content))):
        bit = draw.randrange(8)
        flipped = bytearray(content)
        flipped[place] ^= 1 << bit
        found[f"bit {bit} of byte {place}"] = bytes(flipped)
    return {way: left for way, left in found.items() if left != content}
