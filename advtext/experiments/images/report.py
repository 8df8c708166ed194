"""The rows of the image experiments as files: JSON, Markdown, figures."""

import json

from advtext import evaluation
from advtext.evaluation.figure import can_draw
from advtext.experiments.images import folder
from advtext.experiments.images.outcome import shown
from advtext.failures import reading

HEAD = (
    "| row | what | published | measured | runs |\n"
    "| ---: | --- | ---: | ---: | ---: |\n"
)


def write_row(study, number, title, outcome):
    """Writes a row's numbers and figures; what is returned is the row.

    Figures need matplotlib; where it is missing a note says so.
    """
    figures = {f"row_{number:02}_{n}": f for n, f in outcome.figures.items()}
    notes = [note for note in outcome.notes if note]
    undrawn = bool(figures) and not can_draw()
    if undrawn:
        notes.append("Figures need matplotlib: pip install 'advtext[plots]'.")
        figures = {}
    for name, draw in figures.items():
        (study.directory / "figures").mkdir(exist_ok=True)
        study.directory.claim(f"figures/{name}")
        draw(study.directory / "figures" / name)
    row = {"row": number, "title": title, "figures": list(figures)}
    row |= {"results": outcome.results, "tables": outcome.tables}
    row |= {"notes": notes, "undrawn": undrawn}
    row["settings"] = folder.settings_of(number, study.config)
    (study.directory / "rows").mkdir(exist_ok=True)
    study.directory.write_json(path_of(number), row)
    return row


def read_row(path):
    """Returns a row that `write_row` wrote.

    Raises:
        ValueError: If the file is damaged, or lacks something.
    """
    with reading(path, "Take it away; --resume measures the row again."):
        row = json.loads(path.read_text("utf-8"))
        # All that is read of it, once: what is missing is told here.
        table([row]), markdown([row]), row["settings"], row["undrawn"]
        return row


def path_of(number):
    """Returns where a row's numbers are kept, within the run directory."""
    return f"rows/row_{number:02}.json"


def table(rows):
    """Returns all numbers beside the published ones, as Markdown."""
    lines = [HEAD]
    for row in rows:
        for number in row["results"]:
            spread = number["spread"]
            measured = shown(number["measured"]) + (
                "" if spread is None else f" ± {spread:.2f}"
            )
            lines.append(
                f"| {row['row']} | {number['what']} | "
                f"{shown(number['published'])} | {measured} | "
                f"{max(len(number['values']), 1)} |\n"
            )
    return "".join(lines)


def markdown(rows):
    """Returns the rows as a Markdown page, with their tables and figures."""
    parts = ["# Results of the image experiments\n", table(rows)]
    for row in rows:
        parts.append(f"## Row {row['row']}: {row['title']}\n")
        parts += [f"{note}\n" for note in row["notes"]]
        for title, found in row["tables"].items():
            parts += [f"{title}:\n", evaluation.markdown(found)]
        parts += [f"![{n}](figures/{n})\n" for n in row["figures"]]
    return "\n".join(parts)
