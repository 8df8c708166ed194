"""A campaign of bad and odd input: what does each end in?

    python tests/campaigns/bad_input.py
    python tests/campaigns/bad_input.py --only='flag.*epsilon'
    python tests/campaigns/bad_input.py --write=docs/bad_input.md

Every case runs in a folder of its own among files that are not ours, in a
process that is killed when it hangs. Right is a refusal in one clear line that
names what is wrong, or an answer that is checked. Ends with status 1 where a
case is not right.
"""

import argparse
import collections
import os
import re
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import shared  # noqa: E402
from case import GOOD, verdict  # noqa: E402
from cases import all_cases  # noqa: E402
from worker import Worker  # noqa: E402

VERDICTS = (
    *GOOD, "unclear", "raw error", "traceback", "accepted wrongly",
    "refused wrongly", "wrong value", "hang", "died", "data lost",
)  # fmt: skip


def main():
    given = _parser().parse_args()
    sys.stdout.reconfigure(errors="backslashreplace")
    os.environ["PYTHONPATH"] = str(ROOT)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    chosen = [
        case
        for name, case in all_cases().items()
        if re.search(given.only, f"{case.area}: {name}")
    ]
    with tempfile.TemporaryDirectory() as folder:
        # Some cases are of another user.
        os.chmod(folder, 0o755)
        os.environ[shared.FOLDER] = str(given.shared or f"{folder}/shared")
        Path(os.environ[shared.FOLDER]).mkdir(parents=True, exist_ok=True)
        results = _run(chosen, Path(folder) / "cases")
    table = _table(results)
    print(f"\n{table}")
    if given.write:
        given.write.write_text(table + "\n", "utf-8")
    return any(found not in GOOD for _, found in results)


def _run(chosen, folder):
    results, worker = [], Worker(folder, shared.make, all_cases)
    try:
        for number, case in enumerate(chosen, 1):
            start = time.monotonic()
            found = worker.run(case)
            judged = verdict(case, found)
            results.append((case, judged))
            if judged not in GOOD:
                _tell(case, judged, found)
            elif time.monotonic() - start > 10.0:
                print(f"slow: {case.name}", flush=True)
            if number % 50 == 0:
                print(f"{number} of {len(chosen)}", flush=True)
    finally:
        worker.close()
    return results


def _tell(case, judged, found):
    print(f"{judged.upper()}: {case.area}: {case.name}")
    right = case.right if isinstance(case.right, str) else f"{case.right}"
    for what, said in (
        ("wanted", right),
        ("got", found.message),
        ("wrong", found.wrong),
        ("lost", ", ".join(found.lost)),
    ):
        if said:
            print(f"    {what}: {said[:500]}")
    sys.stdout.flush()


def _table(results):
    """Returns the number of cases by area and verdict, in Markdown."""
    counts = collections.Counter((case.area, found) for case, found in results)
    areas = list(dict.fromkeys(case.area for case, _ in results))
    seen = [v for v in VERDICTS if any(counts[a, v] for a in areas)]
    rows = [["input", "cases", *seen]]
    for area in areas:
        row = [counts[area, each] for each in seen]
        rows.append([area, sum(row), *row])
    total = [
        sum(row[column] for row in rows[1:])
        for column in range(1, len(seen) + 2)
    ]
    rows.append(["all", *total])
    rows.insert(1, ["---"] + ["---:"] * (len(seen) + 1))
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)


def _parser():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="", help="pattern of area: name")
    parser.add_argument("--write", type=Path, help="Markdown file of the table")
    parser.add_argument("--shared", type=Path, help="folder kept for next time")
    return parser


if __name__ == "__main__":
    sys.exit(main())
