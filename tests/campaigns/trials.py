"""Tries commands with damaged files, in one process; `faults.py` starts it.

python tests/campaigns/trials.py WORK FLIPS [SCENE ...]
"""

import json
import os
import pathlib
import re
import shutil
import sys
import traceback

import damage
import disks
import runs
import scenes
from in_process import command, shown


class Trials:
    """All that is tried on a backend.

    Args:
        work: Folder of its files; what was tried is kept there.
        flips: As of `damage.ways`.
        only: Names of the scenes to try; all if it is empty.
    """

    def __init__(self, work, flips, only=()):
        self.work, self.flips, self.only = work, flips, only
        self.made, self.here = work / "made", work / "here"
        self.notes = work / "found.jsonl"
        # What a command comes to on a disk with room, by its arguments.
        self.whole = {}
        self.done = set()
        if self.notes.exists():
            for line in self.notes.read_text().splitlines():
                note = json.loads(line)
                self.done.add((note["scene"], note["file"], note["way"]))

    def all(self):
        if not (self.work / "whole").exists():
            shutil.rmtree(self.made, ignore_errors=True)
            scenes.make(self.made, lambda a: command(a).status)
            (self.work / "whole").touch()
        for name, scene in self.chosen(scenes.SCENES):
            self.damaged(name, scene)
        disks.try_all(self)

    def chosen(self, named):
        """Returns the items of a dict that are to be tried."""
        return [i for i in named.items() if not self.only or i[0] in self.only]

    def arguments(self, text, here=None):
        text = text.format(here=here or self.here, made=self.made)
        return text.split()

    def place(self, scene, here=None):
        """Copies what a scene needs; returns the folder."""
        here = here or self.here
        if here == self.here:
            shutil.rmtree(here, ignore_errors=True)
            here.mkdir()
        for name in scene.folders:
            shutil.copytree(self.made / name, here / name)
            for removed in scene.removed:
                (here / name / removed).unlink(missing_ok=True)
        return here

    def damaged(self, name, scene):
        """Tries a scene with every file of it damaged in every way."""
        self.place(scene)
        ended = command(self.arguments(scene.arguments))
        if ended.status:
            raise SystemExit(f"{name}: {ended.err}")
        expected = shown(ended), runs.outcome(self.here)
        self.place(scene)
        for file, path in runs.files(self.here).items():
            if file.split("/")[0] not in scene.damaged or "/logs/" in file:
                continue
            ways = damage.ways(file, path.read_bytes(), self.flips)
            for way, content in ways.items():
                self.note(
                    (name, file, way),
                    lambda file=file, content=content: self.start(
                        scene, file, content, expected
                    ),
                )

    def start(self, scene, file, content, expected):
        """Starts a scene with a damaged file; returns verdict and reason."""
        self.place(scene)
        (self.here / file).write_bytes(content)
        ended = command(self.arguments(scene.arguments))
        return self.judged(ended, expected, (file,))

    def judged(self, ended, expected, without=(), here=None):
        """Returns the verdict on a command's end, and the reason.

        Args:
            ended: How it ended.
            expected: What it prints and what is in its folder if it is right.
            without: Files that may differ.
            here: Its folder.
        """
        if ended.status == 0 and not (told := ended.trouble([0], 0)):
            printed, outcome = expected
            if shown(ended) != printed:
                return "wrong", f"printed: {ended.out[-300:]}"
            found = runs.outcome(here or self.here, without)
            other = [
                name
                for name in runs.differences(outcome, found)
                if name.split(":")[0] not in without
            ]
            if other:
                return "wrong", f"other results: {other[:5]}"
            return "equal", ""
        told = ended.trouble([2])
        if not told and not re.search("[/`]", runs.own_lines(ended.err)[-1]):
            told = f"names no file and no setting: {ended.err[-300:]}"
        return ("wrong", told) if told else ("refused", ended.err[-300:])

    def note(self, key, tried):
        """Tries what was not tried yet, and notes what came out."""
        if key in self.done:
            return
        note = dict(zip(("scene", "file", "way"), key, strict=True))
        (self.work / "trying").write_text(json.dumps(note))
        try:
            verdict, told = tried()
        except Exception:
            verdict, told = "wrong", traceback.format_exc()[-1500:]
        note |= {"verdict": verdict, "told": told}
        with open(self.notes, "a") as file:
            file.write(json.dumps(note) + "\n")
        self.done.add(key)


if __name__ == "__main__":
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    Trials(pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]).all()
