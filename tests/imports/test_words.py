"""Names in the harness are the words of the glossary or plain English: what a private word once named stays renamed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
RETIRED = {
    "deed": "fault",
    "deeds": "faults",
    "story": "run view",
    "stories": "issues",
    "fate": "outcome",
    "fates": "outcomes",
    "ground": "run",
    "followers": "task group",
    "cast": "lanes",
    "signs": "evidence",
    "looker": "snapshots",
    "looks": "snapshots",
    "world": "sandbox",
    "worlds": "sandboxes",
    "performance": "runner",
    "stage": "sandbox",
    "blame": "sender",
    "excuse": "known difference",
    "excuses": "known differences",
    "remarks": "notes",
}
"""A word that only this project understood, and what its things are called instead."""
PUBLIC = {
    ("hookproof/records/run.py", "world_removed"),
}
"""Names that the journal's format has: a new format may change them."""


def _names(tree: ast.AST) -> Iterator[str]:
    """What a module itself names: functions, classes, arguments, attributes and variables that it binds."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def _words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}


def _retired(module: str, names: set[str]) -> Iterator[str]:
    for name in sorted(names):
        for word in _words(name) & RETIRED.keys():
            if (module, name) not in PUBLIC:
                yield f"{module}: {name}: say {RETIRED[word]!r} for {word!r}"


def test_no_private_word_names_anything() -> None:
    found: list[str] = []
    for path in sorted((ROOT / "hookproof").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found += _retired(path.relative_to(ROOT).as_posix(), {path.stem, *_names(tree)})
    assert not found, "\n".join(found)


def test_what_may_stay_is_there() -> None:
    for module, name in PUBLIC:
        assert name in set(_names(ast.parse((ROOT / module).read_text(encoding="utf-8")))) | _annotated(module), name


def _annotated(module: str) -> set[str]:
    tree = ast.parse((ROOT / module).read_text(encoding="utf-8"))
    return {
        node.target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }


def test_the_glossary_is_short_and_in_order() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    words = re.findall(r"^\| \*\*(.+?)\*\* \|", text, re.MULTILINE)
    assert 0 < len(words) <= 25
    assert words == sorted(words, key=str.lower)
    assert not RETIRED.keys() & {word.lower() for word in words}
