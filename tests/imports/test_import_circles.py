"""No module of a program needs itself, over however many others: no import circle, not even one of types alone.

An import under TYPE_CHECKING or inside of a function hides a circle from Python, not from whoever reads or changes one
of its modules: they cannot be understood, tested or moved one without the others.
"""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = [
    "hookproof",
    *sorted(f"fakes/{path.name}" for path in (ROOT / "fakes").iterdir() if any(path.rglob("*.py"))),
    *sorted(f"reference/{path.name}" for path in (ROOT / "reference").iterdir() if path.is_dir()),
]


def modules(program: Path) -> dict[str, Path]:
    """The modules of a program by the names under which they import each other."""
    found = {}
    for path in program.rglob("*.py"):
        base = path.parent
        while (base / "__init__.py").exists():
            base = base.parent
        parts = path.relative_to(base).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(name: str, path: Path) -> set[str]:
    """What a module imports, wherever it does so, and the names that it takes from there: they may be modules too."""
    found: set[str] = set()
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            found |= {f"{origin}.{alias.name}" for alias in node.names} | {origin}
    return found


def circle(program: Path) -> list[str]:
    """One circle of imports, from a module back to itself; empty where there is none."""
    known = modules(program)
    graph = {}
    for name, path in known.items():
        wanted = imported(name, path)
        # a package is meant only where nothing inside of it is
        inner = {each for each in wanted if any(other.startswith(f"{each}.") for other in wanted & known.keys())}
        graph[name] = (wanted - inner - {name}) & known.keys()
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_module_needs_itself(program: str) -> None:
    assert len(modules(ROOT / program)) > 0
    assert circle(ROOT / program) == []


@pytest.mark.parametrize(
    "back",
    [
        "from .one import A",
        "from . import one",
        "import pack.one",
        "from pack.one import A",
        "if TYPE_CHECKING:\n    from .one import A",
        "def late():\n    from .one import A",
    ],
)
def test_a_circle_is_found_however_it_is_written(back: str, tmp_path: Path) -> None:
    files = {"__init__": "", "one": "from .two import B", "two": "from . import three", "three": back}
    (tmp_path / "pack").mkdir()
    for name, text in files.items():
        (tmp_path / "pack" / f"{name}.py").write_text(text)
    assert set(circle(tmp_path / "pack")) == {"pack.one", "pack.two", "pack.three"}
    (tmp_path / "pack" / "three.py").write_text("import json")
    assert circle(tmp_path / "pack") == []
