"""`hookproof list`: what there is. Reads titles with tomllib alone, of a scenario its head alone: it is instant."""

from __future__ import annotations

import argparse
import textwrap
from pathlib import Path
from typing import Any

from hookproof import clean, files, places
from hookproof.catalogue.own_scenarios import of_project, project_file, with_ids
from hookproof.commands import UsageError


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `list`."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--requirements", action="store_true", help="list the requirements instead of the scenarios")
    what.add_argument(
        "--lifecycles", action="store_true", help="list the lifecycles of the stand-in hosts, with their switches"
    )
    what.add_argument(
        "--plugins", action="store_true", help="list the plugins that hookproof can run, with their policies"
    )


def execute(parsed: argparse.Namespace) -> int:
    """Print a table of two columns."""
    if parsed.requirements:
        rows = _requirements()
    elif parsed.lifecycles:
        rows = _lifecycles()
    elif parsed.plugins:
        rows = _plugins()
    else:
        rows = _scenarios()
    rows = [(clean.line(name), clean.line(text)) for name, text in rows]
    width = max((len(name) for name, _ in rows), default=0)
    for name, text in rows:
        print(textwrap.fill(text, 118, initial_indent=f"{name:<{width}}  ", subsequent_indent=" " * (width + 2)))
    return 0


def _table(path: Path) -> dict[str, Any]:
    return files.read_toml(path)


def _text(path: Path, table: Any, *keys: str) -> str:
    """The text at `keys` in a table of `path`. Raises UsageError."""
    value = table
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, str):
        raise UsageError(f"{path}: {'.'.join(keys)}: expected text, found {type(value).__name__}")
    return value


def _rows(path: Path, table: Any, key: str) -> dict[str, Any]:
    """The table below `key`, an empty one where there is none. Raises UsageError."""
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise UsageError(f"{path}: {key}: expected a table, found {type(value).__name__}")
    return value


def _scenarios() -> list[tuple[str, str]]:
    """Hookproof's own, and behind them those of the project that this is called in."""
    calibration = places.SCENARIOS / "calibration"
    found = sorted(path for path in places.SCENARIOS.glob("*/**/*.toml") if calibration not in path.parents)
    named = {path.relative_to(places.SCENARIOS).with_suffix("").as_posix(): path for path in found}
    project = project_file(Path.cwd())
    if project is not None:
        named |= with_ids(of_project(project, files.read_toml(project)), set(named))
    return [(name, _text(path, files.read_toml_head(path), "title")) for name, path in named.items()]


def _requirements() -> list[tuple[str, str]]:
    path = places.SCENARIOS / "requirements.toml"
    rows = _rows(path, _table(path), "requirement")
    return [(name, f"{_text(path, row, 'keyword')}: {_text(path, row, 'sentence')}") for name, row in rows.items()]


def _lifecycles() -> list[tuple[str, str]]:
    return _with(sorted(places.FAKES.glob("*/lifecycles/*.toml")), "switches", "+")


def _plugins() -> list[tuple[str, str]]:
    return _with(sorted(places.DESCRIPTORS.glob("*.toml")), "policies", ":")


def _with(paths: list[Path], below: str, sign: str) -> list[tuple[str, str]]:
    """Each file by its name, and what it has below a key by that name, the sign and its own."""
    found: list[tuple[str, str]] = []
    for path in paths:
        table = _table(path)
        name = _text(path, table, "name")
        found.append((name, _text(path, table, "title")))
        found += [
            (f"{name}{sign}{each}", f"... {_text(path, row, 'title')}")
            for each, row in _rows(path, table, below).items()
        ]
    return found
