"""The floors of the house: who may import whom, and who names a backend."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parent.parent
FLOORS = {
    "advtext.backend": 0,
    "advtext.config": 0,
    "advtext.arguments": 0,
    "advtext.atomic_file": 0,
    "advtext.folder_lock": 0,
    "advtext.manifest": 0,
    "advtext.owned_folder": 0,
    "advtext.failures": 0,
    "advtext.quoting": 0,
    "advtext.signals": 0,
    "advtext.streams": 0,
    "advtext.attacks": 1,
    "advtext.compile_once": 1,
    "advtext.layers": 1,
    "advtext.logits": 1,
    "advtext.loss_arguments": 1,
    "advtext.losses": 1,
    "advtext.heads": 1,
    "advtext.kept_state": 1,
    "advtext.masks": 1,
    "advtext.nearest": 0,
    "advtext.data": 1,
    "advtext.models": 2,
    "advtext.training": 3,
    "advtext.evaluation": 3,
    "advtext.experiments": 4,
    "advtext.commands": 5,
    "advtext.cli": 5,
    "advtext.__main__": 5,
    "advtext": 6,
    "scripts": 6,
}
BACKENDS = {"tensorflow", "tensorflow_datasets", "jax", "torch"}
MAY_NAME_A_BACKEND = ("advtext.backend", "advtext.data.sources")
LONGEST = 300
# A longer file is cut, or listed here with the reason.
ARGUED = set()


class House:
    """The modules under a root: their trees and whom they import."""

    def __init__(self, root):
        paths = sorted([*root.glob("advtext/**/*.py"), *root.glob("scripts/*")])
        self.files = {
            name_of(path.relative_to(root)): path
            for path in paths
            if path.suffix == ".py"
        }
        self.trees = {
            name: ast.parse(path.read_text(encoding="utf-8"), str(path))
            for name, path in self.files.items()
        }
        self.imports = {
            name: [
                (line, self._module(target))
                for line, target in imports_of(tree, self._package(name))
            ]
            for name, tree in self.trees.items()
        }

    def _package(self, name):
        if self.files[name].name == "__init__.py":
            return name
        return name.rpartition(".")[0]

    def _module(self, target):
        """Cuts `package.module.name` down to the module, if it is ours."""
        module = target
        while module and module not in self.files:
            module = module.rpartition(".")[0]
        return module or target

    def rising_imports(self):
        return [
            f"{name}:{line} (floor {floor_of(name)}) imports {target} "
            f"(floor {floor_of(target)})"
            for name, imports in self.imports.items()
            for line, target in imports
            if target in self.files and floor_of(target) > floor_of(name)
        ]

    def cycles(self):
        modules = {
            name: {t for _, t in imports if t in self.files}
            for name, imports in self.imports.items()
        }
        units = {}
        for name, targets in modules.items():
            reached = {unit_of(target) for target in targets}
            units.setdefault(unit_of(name), set()).update(
                reached - {unit_of(name)}
            )
        return [*find_cycles(modules), *find_cycles(units)]

    def backend_names(self):
        return [
            f"{name}:{line} names {word}"
            for name, tree in self.trees.items()
            if not is_under(name, MAY_NAME_A_BACKEND)
            for line, word in words_of(tree, self.imports[name])
            if word.partition(".")[0] in BACKENDS
        ]

    def long_files(self):
        lengths = {
            name: len(path.read_text(encoding="utf-8").splitlines())
            for name, path in self.files.items()
        }
        return [
            f"{name}: {length} lines"
            for name, length in lengths.items()
            if length > LONGEST and name not in ARGUED
        ]

    def asserts(self):
        return [
            f"{name}:{node.lineno}"
            for name, tree in self.trees.items()
            for node in ast.walk(tree)
            if isinstance(node, ast.Assert)
        ]


def name_of(path):
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_under(name, prefixes):
    return any(name == p or name.startswith(f"{p}.") for p in prefixes)


def unit_of(name):
    """Returns the entry of `FLOORS` that a module belongs to."""
    if name in FLOORS:
        return name
    units = [u for u in FLOORS if u != "advtext" and is_under(name, [u])]
    if not units:
        raise ValueError(f"{name} has no floor: give it one in FLOORS.")
    return units[0]


def floor_of(name):
    return FLOORS[unit_of(name)]


def imports_of(tree, package):
    """Yields line and absolute name of all imports, the nested ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            start = node.module or ""
            if node.level:
                above = package.split(".")[: 1 - node.level or None]
                start = ".".join([*above, start]).rstrip(".")
            for alias in node.names:
                yield node.lineno, f"{start}.{alias.name}"


def words_of(tree, imports):
    """Yields what is imported, and texts that are whole names."""
    yield from imports
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value.replace(".", "").isidentifier():
                yield node.lineno, node.value


def find_cycles(graph):
    """Returns one line for each import that closes a cycle."""
    done, path, found = set(), [], []

    def visit(name):
        if name in path:
            found.append(" -> ".join([*path[path.index(name) :], name]))
        elif name not in done:
            path.append(name)
            for target in sorted(graph.get(name, ())):
                visit(target)
            done.add(path.pop())

    for name in sorted(graph):
        visit(name)
    return found


RULES = [
    House.rising_imports,
    House.cycles,
    House.backend_names,
    House.long_files,
    House.asserts,
]


@pytest.fixture(scope="module")
def house():
    return House(ROOT)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_the_rule(house, rule):
    assert len(house.files) > 3
    assert rule(house) == []


SOUND = {
    "advtext/__init__.py": "from advtext import models as models",
    "advtext/losses.py": "import keras",
    "advtext/attacks/__init__.py": "from .attack import Attack",
    "advtext/attacks/attack.py": "from advtext.losses import kl",
    "advtext/models/__init__.py": "from advtext.attacks import Attack",
    "advtext/data/sources.py": "import tensorflow_datasets",
    "scripts/train.py": "import advtext",
}


def house_with(tmp_path, files):
    for name, text in {**SOUND, **files}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return House(tmp_path)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_sound_house_passes(tmp_path, rule):
    assert rule(house_with(tmp_path, {})) == []


@pytest.mark.parametrize(
    ("rule", "file", "text", "message"),
    [
        (
            House.rising_imports,
            "advtext/losses.py",
            "from advtext.models import text",
            "advtext.losses:1 (floor 1) imports advtext.models (floor 2)",
        ),
        (
            House.rising_imports,
            "advtext/attacks/attack.py",
            "def f():\n    from .. import models",
            "advtext.attacks.attack:2 (floor 1) imports advtext.models",
        ),
        (
            House.rising_imports,
            "advtext/models/text.py",
            "import advtext",
            "advtext.models.text:1 (floor 2) imports advtext (floor 6)",
        ),
        (
            House.cycles,
            "advtext/losses.py",
            "import advtext.attacks.attack",
            "advtext.losses -> advtext.attacks.attack",
        ),
        (
            House.cycles,
            "advtext/losses.py",
            "def f():\n    from advtext.attacks import norms",
            "advtext.attacks -> advtext.losses -> advtext.attacks",
        ),
        (
            House.backend_names,
            "advtext/losses.py",
            "def f():\n    import tensorflow.keras as k",
            "advtext.losses:2 names tensorflow.keras",
        ),
        (
            House.backend_names,
            "scripts/train.py",
            'importlib.import_module("jax.numpy")',
            "scripts.train:1 names jax.numpy",
        ),
        (
            House.long_files,
            "advtext/losses.py",
            "\n" * 301,
            "advtext.losses: 301 lines",
        ),
        (
            House.asserts,
            "advtext/losses.py",
            "def f(x):\n    assert x",
            "advtext.losses:2",
        ),
    ],
)
def test_a_planted_violation_is_found(tmp_path, rule, file, text, message):
    files = {"advtext/attacks/norms.py": "", file: text}
    assert any(message in line for line in rule(house_with(tmp_path, files)))


def test_a_module_without_a_floor_is_named(tmp_path):
    house = house_with(tmp_path, {"advtext/utils.py": "import advtext.losses"})
    with pytest.raises(ValueError, match="advtext.utils has no floor"):
        house.rising_imports()
