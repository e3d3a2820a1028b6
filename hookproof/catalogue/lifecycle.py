"""Lifecycles: what a host does, as data. One file is one behaviour, each row with its provenance.

The rows are read by the fake host that they belong to; the harness resolves NAME[+SWITCH...] to plain values and
hands them over, and shows rows and sources to people.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Any, Literal

from hookproof import places
from hookproof.catalogue.reading import CatalogueError, Strict, read


class Switch(Strict):
    """A named change of some rows, off unless asked for."""

    title: str
    rows: dict[str, dict[str, Any]]


class Excuse(Strict):
    """A known difference from the real host that calibration passes over."""

    facet: str
    where: str
    """`SCENARIO: PLACE` as calibration prints it; `*` and `?` stand for what varies."""
    reason: str


class Lifecycle(Strict):
    """One lifecycle file."""

    name: str
    title: str
    host: Literal["claude", "codex"]
    rows: dict[str, dict[str, Any]]
    switches: dict[str, Switch] = {}
    differences: list[Excuse] = []


class Resolved(Strict):
    """A lifecycle with its switches applied: what the fake host is given."""

    name: str
    host: str
    rows: dict[str, Any]
    like: str = ""
    """The measured lifecycle that a real host is nearest to; a stand-in's own name, without its switches."""


def real(host: Literal["claude", "codex"], version: str) -> Resolved:
    """The column of a real host: it needs no rows, and is like the last measured version that is not later."""
    known = {path.stem: _numbers(path.stem.rpartition("-")[2]) for path in lifecycle_files() if _measured(path, host)}
    earlier = {name: numbers for name, numbers in known.items() if numbers <= _numbers(version)}
    pool = earlier or {min(known, key=lambda name: known[name]): ()}
    return Resolved(name=f"{host}@{version}", host=host, rows={}, like=max(pool, key=lambda name: known[name]))


def _measured(path: Path, host: str) -> bool:
    return re.fullmatch(rf"{host}-\d+(\.\d+)*", path.stem) is not None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def lifecycle_files() -> list[Path]:
    """Every lifecycle file that hookproof ships."""
    return sorted(places.FAKES.glob("*/lifecycles/*.toml"))


def lifecycle_file(lifecycle: Resolved) -> Path:
    """The file that a lifecycle comes from."""
    return places.FAKES / lifecycle.host / "lifecycles" / f"{lifecycle.name.partition('+')[0]}.toml"


def read_lifecycle(path: Path) -> Lifecycle:
    """The lifecycle in `path`. Raises CatalogueError, also for a row without `is` or `source`."""
    lifecycle = read(path, Lifecycle)
    tables = {"rows": lifecycle.rows} | {f"switches.{n}.rows": s.rows for n, s in lifecycle.switches.items()}
    mistakes = [
        f'{table}.{name}: expected {{ is = ..., source = "..." }}, found keys {sorted(row)}'
        for table, rows in tables.items()
        for name, row in rows.items()
        if set(row) != {"is", "source"} or not isinstance(row["source"], str) or not row["source"]
    ]
    mistakes += [
        f"switches.{name}.rows.{row}: changes a row that the lifecycle does not have"
        for name, switch in lifecycle.switches.items()
        for row in switch.rows
        if row not in lifecycle.rows
    ]
    if mistakes:
        raise CatalogueError(path, mistakes)
    return lifecycle


def resolve_lifecycle(spec: str) -> Resolved:
    """`NAME[+SWITCH...]` as plain values.

    Raises LookupError, naming what there is, for an unknown name or switch.
    """
    name, *switches = spec.split("+")
    by_name = {path.stem: path for path in lifecycle_files()}
    if name not in by_name:
        raise LookupError(_unknown("lifecycle", name, list(by_name)))
    lifecycle = read_lifecycle(by_name[name])
    rows = {row: value["is"] for row, value in lifecycle.rows.items()}
    for switch in switches:
        if switch not in lifecycle.switches:
            raise LookupError(_unknown(f"switch of {name}", switch, list(lifecycle.switches)))
        rows |= {row: value["is"] for row, value in lifecycle.switches[switch].rows.items()}
    return Resolved(name=spec, host=lifecycle.host, rows=rows, like=name)


def _unknown(what: str, name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"no {what} is called {name!r}{hint} (there is: {', '.join(known) or 'none'})"
