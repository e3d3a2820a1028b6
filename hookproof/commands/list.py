"""`hookproof list`: what there is. Reads titles with tomllib alone, so that it is instant."""

from __future__ import annotations

import argparse
import textwrap
from pathlib import Path
from typing import Any

from hookproof import clean, files, places


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `list`."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--requirements", action="store_true", help="the requirements, instead of the scenarios")
    what.add_argument(
        "--lifecycles", action="store_true", help="the lifecycles of the stand-in hosts, with their switches"
    )
    what.add_argument(
        "--plugins", action="store_true", help="the plugins that hookproof can drive, with their policies"
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
    width = max((len(name) for name, _ in rows), default=0)
    for name, text in rows:
        print(
            textwrap.fill(
                clean.line(text), 118, initial_indent=f"{name:<{width}}  ", subsequent_indent=" " * (width + 2)
            )
        )
    return 0


def _table(path: Path) -> dict[str, Any]:
    return files.read_toml(path)


def _scenarios() -> list[tuple[str, str]]:
    calibration = places.SCENARIOS / "calibration"
    files = sorted(path for path in places.SCENARIOS.glob("*/**/*.toml") if calibration not in path.parents)
    return [
        (path.relative_to(places.SCENARIOS).with_suffix("").as_posix(), _table(path).get("title", "")) for path in files
    ]


def _requirements() -> list[tuple[str, str]]:
    rows = _table(places.SCENARIOS / "requirements.toml")["requirement"]
    return [(name, f"{row['keyword']}: {row['sentence']}") for name, row in rows.items()]


def _lifecycles() -> list[tuple[str, str]]:
    paths = sorted(places.FAKES.glob("*/lifecycles/*.toml"))
    return [row for path in paths for row in _titles(path, "switches", "+")]


def _plugins() -> list[tuple[str, str]]:
    paths = sorted(places.DESCRIPTORS.glob("*.toml"))
    return [row for path in paths for row in _titles(path, "policies", ":")]


def _titles(path: Path, variants: str, sign: str) -> list[tuple[str, str]]:
    """The name and title of a file, and of each of its `variants`. Raises FileError where one is missing."""
    table = _table(path)
    try:
        more = {
            f"{table['name']}{sign}{name}": f"... {each['title']}" for name, each in table.get(variants, {}).items()
        }
        rows = [(table["name"], table["title"]), *more.items()]
    except (KeyError, TypeError, AttributeError):
        rows = []
    if not rows or not all(isinstance(text, str) for row in rows for text in row):
        raise files.FileError(path, f"expected a name and a title, and a title in each of its {variants}", damaged=True)
    return rows
