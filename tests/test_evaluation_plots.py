"""Every plot: a whole PNG and nothing else, which shows what the table says."""

import numpy as np
import pytest

from advtext import evaluation

pytest.importorskip("matplotlib", reason="matplotlib is not installed")

RANDOM = np.random.default_rng(0)
CURVE = [
    {"attack": attack, "epsilon": epsilon, "robust_accuracy": accuracy}
    for attack, epsilon, accuracy in [
        ("FGSM", 0.2, 10.0),
        ("FGSM", 0.0, 95.0),
        ("noise", 0.0, 95.0),
        ("noise", 0.2, 94.0),
    ]
]
TRANSFER = [
    {"source": source, "target": target, "error": error}
    for source, target, error in [
        ("clean", "ensemble", 1.0),
        ("clean", "a", 2.25),
        ("ensemble", "ensemble", 90.0),
        ("ensemble", "a", 80.0),
        ("a", "ensemble", 70.0),
        ("a", "a", 99.0),
    ]
]
AGREEMENT = [
    {"model": a, "other": b, "same": same, "same_mistaken_both": both}
    for a, b, same, both in [
        ("a", "a", 100.0, 100.0),
        ("a", "b", 54.6, 84.5),
        ("b", "a", 16.0, 84.5),
        ("b", "b", None, None),
    ]
]
RUBBISH = [
    {"model": "maxout", "called_a_class": 98.35, "confidence": 92.75},
    {"model": "RBF", "called_a_class": 0.0, "confidence": None},
]
FOOLING = [
    {"class": k, "success": 25.0, "confidence": 60.0} for k in (0, 1, "mean")
]
FOOLED = np.array([[True, False, False], [True, True, False]])
TRACE = [
    {"epsilon": e, "label": 1, "prediction": int(e < 0)}
    | {"logit_0": e, "logit_1": -e}
    for e in (-1.0, 0.0, 1.0)
]


def images(*shape):
    return RANDOM.normal(size=shape)


CASES = {
    "robustness": (evaluation.plot_robustness, CURVE, {}),
    "robustness of models": (
        evaluation.plot_robustness,
        [{"model": m, **row} for m in ("plain", "trained") for row in CURVE],
        {},
    ),
    "transfer": (evaluation.plot_transfer, TRANSFER, {}),
    "agreement": (evaluation.plot_agreement, AGREEMENT, {}),
    "ensemble": (evaluation.plot_ensemble, TRANSFER, {}),
    "rubbish": (evaluation.plot_rubbish, RUBBISH, {}),
    "images": (
        evaluation.plot_images,
        images(5, 4, 4, 3),
        {"marked": [True, False, True, True, False]},
    ),
    "fooling": (
        evaluation.plot_fooling,
        FOOLING,
        {
            "images": images(2, 3, 4, 4, 1),
            "fooled": FOOLED,
            "class_names": ["bird", "cat"],
        },
    ),
    "trace": (evaluation.plot_epsilon_trace, TRACE, {}),
    "trace with inputs": (
        evaluation.plot_epsilon_trace,
        TRACE,
        {"inputs": images(3, 4, 4), "class_names": ["bird", "cat"]},
    ),
    "filters": (
        evaluation.plot_filters,
        images(16, 6),
        {"image_shape": (4, 4, 1)},
    ),
    "two kernels": (
        evaluation.plot_filters,
        {"plain": images(48, 2, 3), "trained": images(4, 4, 3, 6)},
        {"image_shape": (4, 4, 3), "num_pieces": 3},
    ),
}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Draws a case once; returns its figure and its file."""
    from matplotlib.figure import Figure

    folder, done = tmp_path_factory.mktemp("plots"), {}

    def draw(name):
        if name not in done:
            plot, data, given = CASES[name]
            path = folder / name / "plot.png"
            path.parent.mkdir()
            with pytest.MonkeyPatch.context() as patch:
                figures = []
                write = Figure.savefig

                def savefig(figure, *args, **kwargs):
                    figures.append(figure)
                    # A coarse one is as good a test, and quick.
                    write(figure, *args, **{**kwargs, "dpi": 30})

                patch.setattr(Figure, "savefig", savefig)
                plot(data, path=path, **given)
            done[name] = figures[0], path
        return done[name]

    return draw


def figure_of(plot, data, folder):
    """Returns the figure of a plot, and writes nothing."""
    from matplotlib.figure import Figure

    with pytest.MonkeyPatch.context() as patch:
        figures = []
        keep = lambda figure, *_, **__: figures.append(figure)  # noqa: E731
        patch.setattr(Figure, "savefig", keep)
        plot(data, path=folder / "plot.png")
    return figures[0]


def texts(axes):
    return [text.get_text() for text in axes.texts]


def framed(figure):
    return [
        axes.spines["top"].get_visible() for axes in figure.axes if axes.images
    ]


@pytest.mark.parametrize("name", CASES)
def test_a_png_is_written_and_nothing_else(drawn, name):
    _, path = drawn(name)
    assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("name", CASES)
def test_every_figure_has_a_title(drawn, name):
    figure, _ = drawn(name)
    titles = [part.get_suptitle() for part in (figure, *figure.subfigs)]
    titles += [axes.get_title() for axes in figure.axes]
    assert max(map(len, titles)) > 4


@pytest.mark.parametrize("models", [1, 3, 7])
@pytest.mark.parametrize("attacks", [2])
def test_no_two_lines_of_a_legend_look_alike(tmp_path, models, attacks):
    rows = [
        {"model": f"m{m}", "attack": f"a{a}", "epsilon": e}
        | {"robust_accuracy": 50.0}
        for m in range(models)
        for a in range(attacks)
        for e in (0.0, 0.1)
    ]
    (axes,) = figure_of(evaluation.plot_robustness, rows, tmp_path).axes
    looks = {
        (line.get_color(), line.get_marker(), str(line._dash_pattern))
        for line in axes.lines
    }
    assert len(looks) == len(axes.lines) == models * attacks


def test_lines_are_the_accuracies(drawn):
    (axes,) = drawn("robustness")[0].axes
    found = {
        line.get_label(): np.transpose(line.get_data()).tolist()
        for line in axes.lines
    }
    assert found == {
        "FGSM": [[0.0, 95.0], [0.2, 10.0]],
        "noise": [[0.0, 95.0], [0.2, 94.0]],
    }


def test_tables_of_several_models_make_one_plot(drawn):
    lines = drawn("robustness of models")[0].axes[0].lines
    assert [(line.get_label(), line.get_linestyle()) for line in lines] == [
        ("plain, FGSM", "-"),
        ("plain, noise", "-"),
        ("trained, FGSM", "--"),
        ("trained, noise", "--"),
    ]


def test_sources_go_down_and_targets_across(drawn):
    (axes,) = drawn("transfer")[0].axes
    assert texts(axes) == ["1.0", "2.2", "90.0", "80.0", "70.0", "99.0"]
    assert [t.get_text() for t in axes.get_yticklabels()] == [
        "clean",
        "ensemble",
        "a",
    ]
    assert [t.get_text() for t in axes.get_xticklabels()] == ["ensemble", "a"]
    bottom, top = axes.get_ylim()
    assert bottom > top


def test_agreement_has_a_matrix_of_each_kind(drawn):
    same, both = drawn("agreement")[0].axes
    assert texts(same) == ["100.0", "54.6", "16.0", "-"]
    assert texts(both) == ["100.0", "84.5", "84.5", "-"]
    for axes in (same, both):
        bottom, top = axes.get_ylim()
        assert bottom > top


def test_bars_are_the_numbers(drawn):
    (axes,) = drawn("ensemble")[0].axes
    heights = [bar.get_height() for bar in axes.patches]
    assert heights == [1.0, 90.0, 70.0, 2.25, 80.0, 99.0]
    (axes,) = drawn("rubbish")[0].axes
    assert [bar.get_width() for bar in axes.patches] == [98.35, 0, 92.75, 0]
    assert texts(axes) == ["98.3", "0.0", "92.8", "-"]


def test_frames_are_where_they_belong(drawn):
    assert framed(drawn("images")[0]) == [True, False, True, True, False]
    assert framed(drawn("fooling")[0]) == FOOLED.ravel().tolist()
    assert framed(drawn("trace with inputs")[0]) == [True, False, False]


def test_rows_of_fooling_images_bear_their_class(drawn):
    first, second = drawn("fooling")[0].axes[::3]
    assert first.get_ylabel() == "bird\n25.0 %"
    assert second.get_ylabel() == "cat\n25.0 %"


def test_the_correct_class_stands_out(drawn):
    (axes,) = drawn("trace")[0].axes
    first, second = axes.lines
    assert second.get_linewidth() > first.get_linewidth()
    assert second.get_label() == "1 (correct)"
    assert first.get_ydata().tolist() == [-1.0, 0.0, 1.0]
    assert second.get_ydata().tolist() == [1.0, 0.0, -1.0]


def pictures(figure):
    return [
        np.asarray(axes.images[0].get_array())
        for axes in figure.axes
        if axes.images
    ]


def test_filters_have_their_own_symmetric_range(drawn):
    kernel = CASES["filters"][1]
    for picture, weights in zip(
        pictures(drawn("filters")[0]), kernel.T, strict=True
    ):
        expected = 0.5 + 0.5 * weights / np.abs(weights).max()
        np.testing.assert_allclose(picture, expected.reshape(4, 4))


def test_pieces_of_a_unit_stand_together(tmp_path, drawn):
    kernels = CASES["two kernels"][1]
    found = pictures(drawn("two kernels")[0])
    for kernel, part in zip(
        kernels.values(), (found[:6], found[6:]), strict=True
    ):
        # Piece p of unit u is filter 2 p + u of the six.
        flat = kernel.reshape(4, 4, 3, 6)[..., [0, 2, 4, 1, 3, 5]]
        for k, picture in enumerate(part):
            weights = flat[..., k]
            expected = 0.5 + 0.5 * weights / np.abs(weights).max()
            np.testing.assert_allclose(picture, expected)


def test_a_filter_of_zeros_is_drawn(tmp_path):
    path = tmp_path / "plot.png"
    evaluation.plot_filters(np.zeros((4, 2)), (2, 2, 1), path)
    assert path.exists()


@pytest.mark.parametrize(
    ("shape", "given", "message"),
    [
        ((15, 6), {}, r"shape \(15, 6\) does not fit images"),
        ((8, 2), {}, r"shape \(8, 2\) does not fit images"),
        ((16, 6), {"num_pieces": 4}, "6 filters are no whole number of units"),
    ],
)
def test_kernels_that_do_not_fit_are_refused(tmp_path, shape, given, message):
    path = tmp_path / "plot.png"
    with pytest.raises(ValueError, match=message):
        evaluation.plot_filters(np.ones(shape), (4, 4, 1), path, **given)
    assert not list(tmp_path.iterdir())


def test_what_is_no_image_is_refused(tmp_path):
    for shape in ((3, 784), (3, 4, 4, 2)):
        with pytest.raises(ValueError, match="Images must be of shape"):
            evaluation.plot_images(images(*shape), tmp_path / "plot.png")
    with pytest.raises(ValueError, match="Images must be of shape"):
        evaluation.plot_epsilon_trace(
            TRACE, tmp_path / "plot.png", inputs=images(3, 16)
        )
    assert not list(tmp_path.iterdir())
