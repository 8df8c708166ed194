import numbers

from advtext.evaluation.arguments import check_rows

# A column with one of these words in its name is in percent.
_PERCENT = {"error", "accuracy", "confidence", "success", "same", "called"}


def markdown(rows):
    """Prints a table as Markdown.

    Args:
        rows: List of dicts. Their keys are the columns, in the order in which
            they come first.

    Returns:
        Text: percentages with two decimals, other numbers with four digits,
        `-` where there is none.

    Raises:
        ValueError: If there are no rows.

    Example:

    >>> from advtext.evaluation import markdown
    >>> print(markdown([{"model": "maxout", "epsilon": 0.25, "error": 89.4}]))
    | model | epsilon | error % |
    | --- | ---: | ---: |
    | maxout | 0.25 | 89.40 |
    <BLANKLINE>
    """
    check_rows(rows, (), "score")
    columns = list(dict.fromkeys(key for row in rows for key in row))
    lines = [
        [_title(column) for column in columns],
        ["---:" if _is_number(column, rows) else "---" for column in columns],
    ]
    for row in rows:
        lines.append([_cell(column, row.get(column)) for column in columns])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _is_percent(column):
    return bool(_PERCENT & set(column.split("_")))


def _is_number(column, rows):
    """Returns whether a column holds a number anywhere."""
    return any(isinstance(row.get(column), numbers.Real) for row in rows)


def _title(column):
    return column.replace("_", " ") + (" %" if _is_percent(column) else "")


def _cell(column, value):
    if value is None:
        return "-"
    if isinstance(value, numbers.Integral):
        return f"{value:,}"
    if isinstance(value, numbers.Real):
        return f"{value:.2f}" if _is_percent(column) else f"{value:.4g}"
    return str(value).replace("|", "\\|")
