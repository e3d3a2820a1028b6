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
    found: list[tuple[str, str]] = []
    for path in sorted(places.FAKES.glob("*/lifecycles/*.toml")):
        table = _table(path)
        found.append((table["name"], table["title"]))
        switches = table.get("switches", {})
        found += [(f"{table['name']}+{name}", f"... {switch['title']}") for name, switch in switches.items()]
    return found


def _plugins() -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for path in sorted(places.DESCRIPTORS.glob("*.toml")):
        table = _table(path)
        found.append((table["name"], table["title"]))
        policies = table.get("policies", {})
        found += [(f"{table['name']}:{name}", f"... {policy['title']}") for name, policy in policies.items()]
    return found
