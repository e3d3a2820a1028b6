"""Who names a host. What a host is and does, its object says; a module that compares names must be mended for the next.

The modules that may are listed here with the reason, and the lists only get shorter.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from hookproof.catalogue.host import HostName
from hookproof.hosts.registry import HOSTS

ROOT = Path(__file__).resolve().parents[2] / "hookproof"
NAMES = frozenset(get_args(HostName))
TITLES = frozenset(host.title for host in HOSTS.values())

COMPARE = {
    "catalogue/scenario.py": "what only sessions of one host can do; it cannot ask, for the objects know scenarios",
    "judge/checks/context.py": "CTX-18 is about what a plugin says on Claude Code and on Codex",
}
"""May compare a host's name. At most four."""
WRITE = {
    **COMPARE,
    "catalogue/host.py": "declares the names",
    "codex_process.py": "the name of the program in command lines",
    "play/context.py": "{claude} is a placeholder of scenarios",
    "play/faults/signals.py": "the word of a fault, for an error",
    "transcripts/scenario.py": "which module reads the transcripts of which host",
    "pytest_plugin.py": "its options are made in every pytest run of an environment, so it imports nothing",
}
"""May write a host's name as a word of its own. At most eight."""


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith("hosts/"):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def words(tree: ast.AST) -> set[str]:
    """Every string that stands in it as a whole."""
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def compares(tree: ast.AST) -> bool:
    """Whether a name is compared with something, looked for in it or matched."""
    kinds = (ast.Compare, ast.MatchValue)
    return any(isinstance(node, kinds) and words(node) & NAMES for node in ast.walk(tree))


def test_few_modules_compare_a_hosts_name() -> None:
    assert {name for name, tree in modules() if compares(tree)} == set(COMPARE)
    assert len(COMPARE) <= 4


def test_few_modules_write_a_hosts_name() -> None:
    assert {name for name, tree in modules() if words(tree) & NAMES} == set(WRITE)
    assert len(WRITE) <= 8


def test_how_people_call_a_host_stands_once() -> None:
    assert {name for name, tree in modules() if words(tree) & TITLES} == set()


def test_the_options_of_pytest_are_those_of_the_hosts(pytestconfig: pytest.Config) -> None:
    assert all(getattr(pytestconfig.option, f"hookproof_{name}") is None for name in HOSTS)


@pytest.mark.parametrize(
    "line",
    [
        'host == "claude"',
        'host in {None, "codex"}',
        'host != "codex"',
        'x = 1 if a.host.name == "codex" else 2',
        'match host:\n    case "claude": pass',
        'match host:\n    case "claude" | None: pass',
    ],
)
def test_a_comparison_is_found_however_it_is_written(line: str) -> None:
    assert compares(ast.parse(line))


def test_asking_a_host_costs_nothing_of_a_run() -> None:
    heavy = {"asyncio", "pydantic", "hookproof.journal"}
    code = f"import sys, hookproof.hosts.registry; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_every_host_is_complete() -> None:
    for name, host in HOSTS.items():
        assert host.name == name
        assert Path(host.stand_in().argv[-1]).is_file()
        assert list((Path(host.stand_in().argv[-1]).parent / "lifecycles").glob(f"{name}-*.toml"))
    for attribute in ("title", "package", "key", "says", "plays", "builtin_agent"):
        assert len({getattr(host, attribute) for host in HOSTS.values()}) == len(HOSTS)
