import pytest

from advtext.evaluation import markdown


def test_by_hand():
    rows = [
        {"model": "a|b", "error": 12.345, "number": 10000, "epsilon": 0.007},
        {"model": "c", "error": None, "number": 0, "logit_3": -123.456},
    ]
    assert markdown(rows) == (
        "| model | error % | number | epsilon | logit 3 |\n"
        "| --- | ---: | ---: | ---: | ---: |\n"
        "| a\\|b | 12.35 | 10,000 | 0.007 | - |\n"
        "| c | - | 0 | - | -123.5 |\n"
    ).replace("12.35", f"{12.345:.2f}")


def test_a_column_of_nothing_is_a_column():
    assert markdown([{"same": None}]) == "| same % |\n| --- |\n| - |\n"


def test_no_rows_are_refused():
    with pytest.raises(ValueError, match="`rows` must be the rows"):
        markdown([])
