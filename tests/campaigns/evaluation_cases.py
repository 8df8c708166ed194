"""Evaluation functions and their plots."""

from case import Accepted, Case

_BATCHED = (
    "predict_logits(net, x, {0})",
    "predict(net, x, {0})",
    "score(net, x, y, {0})",
    "robustness(net, {{'a': fast}}, x, y, [0.1], {0})",
    "transfer({{'a': net}}, fast, x, y, {0})",
    "agreement({{'a': net, 'b': net}}, x, y, {0})",
    "rubbish({{'a': net}}, x, {0})",
    "epsilon_trace(net, x[0], y[0], {0})",
)
_WRONG = (
    ("predict_logits(None, x)", "`?model|callable"),
    ("predict_logits('net', x)", "`?model|callable"),
    ("predict_logits(probs, x)", "probabilities"),
    ("predict_logits(lambda z: probs(z), x)", "probabilities"),
    ("predict_logits(net, x[:0])", "`?x`?|empty|one"),
    ("predict_logits(net, None)", "`x`"),
    ("predict_logits(net, 'text')", "`x`"),
    ("predict_logits(net, x[:, :2])", "shape"),
    ("predict_logits(net, x * nan)", "NaN"),
    ("predict_logits(lambda z: None, x)", "logits"),
    ("predict_logits(lambda z: net(z)[:2], x)", "logits|rows"),
    ("predict(net, x, 'softmin')", "`probabilities` must"),
    ("predict(net, x, 5)", "`probabilities` must"),
    ("predict(net, x, ['softmax'])", "`probabilities` must"),
    ("score(net, x, y[:2])", "`y` must"),
    ("score(net, x, y + 5)", "`y` must"),
    ("score(net, x, np.full(5, nan))", "`y` must"),
    ("score(net, x, list('abcab'))", "`y` must"),
    ("score(net, x, None)", "`y`"),
    ("robustness(net, fast, x, y, [0.1])", "`attacks` must be a dict"),
    ("robustness(net, {}, x, y, [0.1])", "`attacks` is empty"),
    ("robustness(net, {'a': 5}, x, y, [0.1])", "attack"),
    ("robustness(net, {5: fast}, x, y, [0.1])", "`attacks` must be a dict"),
    ("robustness(net, {'a': fast}, x, y, [])", "`epsilons` must"),
    ("robustness(net, {'a': fast}, x, y, [-1])", "`epsilons` must"),
    ("robustness(net, {'a': fast}, x, y, [nan])", "`epsilons` must"),
    ("robustness(net, {'a': fast}, x, y, 'abc')", "`epsilons` must"),
    ("robustness(net, {'a': fast}, x, y, None)", "`epsilons` must"),
    ("robustness(net, {'a': fast}, x, y[:2], [0.1])", "length|`y`"),
    ("robustness(probs, {'a': fast}, x, y, [0.1])", "probabilities"),
    (
        "robustness(net, {'a': attacks.FastGradient(1., targeted=True)}, x, y, "
        "[0.1])",
        "targeted",
    ),
    ("transfer(net, fast, x, y)", "`models` must be a dict"),
    ("transfer({}, fast, x, y)", "`models` is empty"),
    ("transfer({'a': None}, fast, x, y)", "model|callable"),
    ("transfer({'a': net}, None, x, y)", "attack"),
    ("transfer({'a': net}, {'b': fast}, x, y)", "'b'"),
    ("transfer({'a': net}, fast, x, y[:2])", "length|`y`"),
    ("transfer({'clean': net}, fast, x, y)", "clean"),
    ("agreement(net, x, y)", "`models` must be a dict"),
    ("agreement({'a': net, 'b': net}, x, y[:1])", "length|`y`"),
    ("rubbish({'a': net}, x, threshold=1.0)", "`threshold` must"),
    ("rubbish({'a': net}, x, threshold=nan)", "`threshold` must"),
    ("rubbish({'a': net}, x, threshold='0.5')", "`threshold` must"),
    ("rubbish({'a': net}, x[:0])", "`?x`?|empty|one"),
    ("epsilon_trace(net, x, y)", "one|single|shape|example"),
    ("epsilon_trace(net, x[0], 9)", "`y` must"),
    ("epsilon_trace(net, x[0], 'a')", "`y` must"),
    ("epsilon_trace(net, x[0], 0, epsilons=[])", "`epsilons` must"),
    ("epsilon_trace(net, x[0], 0, epsilons=[nan])", "`epsilons` must"),
    ("epsilon_trace(net, x[0], 0, epsilons='a')", "`epsilons` must"),
    ("epsilon_trace(net, x[0], 0, loss=5)", "`loss`"),
    ("Ensemble([])", "`models` is empty"),
    ("Ensemble(5)", "`models`"),
    ("Ensemble(['net'])", "Keras models"),
    ("Ensemble([net], 'softmin')", "`probabilities` must"),
    ("predict_documents(None, [[1]])", "`model` must"),
    ("predict_documents(lambda t: t, [[1]])", "`model` must"),
    ("predict_documents(net, [[1], [1, 2]])", "must take token ids"),
    ("predict_documents(image_net, [[1]])", "must take token ids"),
    ("predict_documents(reader, [])", "`documents` is empty"),
    ("predict_documents(reader, None)", "`documents`"),
    ("predict_documents(reader, 'text')", "`documents`"),
    ("predict_documents(reader, [['a']])", "`documents`"),
    ("predict_documents(reader, [[1.5]])", "`documents`"),
    ("predict_documents(reader, [[99]])", "id"),
    ("predict_documents(reader, [[-1]])", "id|negative"),
    ("predict_documents(reader, [[1]], max_length=0)", "`max_length`"),
    ("predict_documents(reader, [[1]], max_length='a')", "`max_length`"),
    ("predict_documents(reader, [[1]], batch_size=0)", "`batch_size`"),
    ("predict_documents(reader, [[1]], batch_size=1.5)", "`batch_size`"),
    ("markdown([])", "`rows`"),
    ("markdown(None)", "`rows`"),
    ("markdown([5])", "`rows`"),
    ("markdown('text')", "`rows`"),
    ("plot_robustness([], here / 'a.png')", "`rows`"),
    ("plot_robustness([{'a': 1}], here / 'a.png')", "`rows`|robustness"),
    ("plot_transfer([], here / 'a.png')", "`rows`"),
    ("plot_rubbish([], here / 'a.png')", "`rows`"),
    ("plot_agreement([], here / 'a.png')", "`rows`"),
    ("plot_images(pictures[:0], here / 'a.png')", "`images`|image"),
    ("plot_images(x, here / 'a.png')", "shape"),
    ("plot_images(pictures, here / 'no' / 'a.png')", "no/a.png"),
    ("plot_images(pictures, here / 'a.png', columns=0)", "`columns`"),
    ("plot_filters(x, (6, 6, 1), here / 'a.png')", "shape"),
)
_TAKEN = (
    ("predict_logits(net, x)", "value.shape == (5, 3)"),
    ("predict_logits(net, x, 10**9)", "value.shape == (5, 3)"),
    ("predict(net, x)", "np.all(value[1] <= 1)"),
    ("predict_documents(reader, [[1], [2, 3]])", "value.shape == (2, 1)"),
    ("predict_documents(reader, [np.array([1, 2], 'uint8')])",
     "value.shape == (1, 1)"),
    ("markdown([{'error': nan}])", "'nan' in value or '-' in value"),
    ("plot_epsilon_trace(evaluation.epsilon_trace(net, x[0], 0), "
     "here / 'a.png')", "(here / 'a.png').is_file()"),
    ("plot_robustness(evaluation.robustness(net, {'a': fast}, x, y, [0.1]), "
     "here / 'a.png')", "(here / 'a.png').is_file()"),
    ("plot_transfer(evaluation.transfer({'a': net}, fast, x, y), here / "
     "'a.png')", "(here / 'a.png').is_file()"),
    ("plot_rubbish(evaluation.rubbish({'a': net}, x), here / 'a.png')",
     "(here / 'a.png').is_file()"),
)  # fmt: skip


def cases():
    for template in _BATCHED:
        for value in ("0", "-1", "1.5", "nan", "'a'"):
            call = template.format(f"batch_size={value}")
            yield _case(call, "`batch_size` must")
    for call, right in _WRONG:
        yield _case(call, right)
    for call, check in _TAKEN:
        yield _case(call, Accepted(check))


def _case(call, right):
    return Case("evaluation", call, f"evaluation.{call}", right)
