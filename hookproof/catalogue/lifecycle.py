"""Lifecycles: what a host does, as data. One file is one behaviour, each row with its provenance.

The rows are read by the fake host that they belong to; the harness resolves NAME[+SWITCH...] to plain values and
hands them over, and shows rows and sources to people. A file that `extends` another one holds only the rows in which
it differs from it; rows are inherited whole, and nothing else is: title, switches and differences are a file's own.

There are two tables of rows. `events` has one for every moment at which hooks may run: what fires there, whose session
it carries, where the context of its hooks lands. `rows` has everything else.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from hookproof import places
from hookproof.catalogue.host import HostName
from hookproof.catalogue.reading import CatalogueError, Strict, read

Table = dict[str, dict[str, Any]]
"""Row -> `is` and `source`. A row with a source alone holds what is inherited, known from that source."""


class Firing(Strict):
    """One event that fires at a moment. The stand-in knows which values the cells can have, and refuses others."""

    event: str
    whose: str
    """The session that its hooks are told."""
    context: str = "nobody"
    """Where the context of its hooks lands."""
    transcript: str = ""
    """Whose transcript its hooks are told, where that is not the one of the session."""
    says: dict[str, str] = {}
    """What the payload says besides: the `source` of a start, the `reason` of an end."""


TABLES = ("rows", "events")
_FIRINGS = TypeAdapter(list[Firing])


class Switch(Strict):
    """A named change of some rows, off unless asked for."""

    title: str
    rows: Table = {}
    events: Table = {}


class KnownDifference(Strict):
    """A known difference from the real host that calibration passes over."""

    facet: str
    where: str
    """`SCENARIO: PLACE` as calibration prints it; `*` and `?` stand for what varies."""
    reason: str


class Lifecycle(Strict):
    """One lifecycle file; what `read_lifecycle` returns has the rows of the one that it extends, too."""

    name: str
    title: str
    host: HostName
    extends: str | None = None
    """The lifecycle whose rows hold here as well, but for those below."""
    alike: str | None = None
    """How it is known that they hold here: part of the source of every inherited row."""
    rows: Table
    events: Table = {}
    """Moment -> what fires, a list of `Firing`; an empty one where nothing does."""
    switches: dict[str, Switch] = {}
    differences: list[KnownDifference] = []


class Resolved(Strict):
    """A lifecycle with its switches applied: what the fake host is given."""

    name: str
    host: HostName
    rows: dict[str, Any]
    events: dict[str, Any] = {}
    like: str = ""
    """The measured lifecycle that a real host is nearest to; a stand-in's own name, without its switches."""

    @property
    def exact(self) -> bool:
        """Whether `like` was measured of this very release. Always of a stand-in, which does what its rows say."""
        measured = _numbers(self.like.rpartition("-")[2])
        return bool(self.rows) or (
            bool(measured) and _numbers(self.name.rpartition("@")[2])[: len(measured)] == measured
        )


def real(host: HostName, version: str) -> Resolved:
    """The column of a real host: it needs no rows, and is like the last measured version that is not later."""
    known = {path.stem: _numbers(path.stem.rpartition("-")[2]) for path in lifecycle_files() if _measured(path, host)}
    earlier = {name: numbers for name, numbers in known.items() if numbers <= _numbers(version)}
    pool = earlier or {min(known, key=lambda name: known[name]): ()}
    return Resolved(name=f"{host}@{version}", host=host, rows={}, like=max(pool, key=lambda name: known[name]))


def measured() -> list[str]:
    """The names of the lifecycles that are those of measured releases, of every host."""
    return [path.stem for path in lifecycle_files() if _measured(path, path.parent.parent.name)]


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
    """The lifecycle in `path`, with the rows that it inherits.

    Raises CatalogueError, also for a row without `source`, and for one that repeats what is inherited.
    """
    return _read(path, ())


def _read(path: Path, extending: tuple[Path, ...]) -> Lifecycle:
    """The lifecycle in `path`, which the files `extending` extend, the first of them first."""
    own = read(path, Lifecycle)
    if (own.extends is None) != (own.alike is None):
        raise CatalogueError(path, ["extends and alike: expected both or none (alike says how the rest is known)"])
    base = _extended(path, own, extending)
    mistakes = [mistake for table in TABLES for mistake in _mistakes(table, own, base)]
    if mistakes:
        raise CatalogueError(path, mistakes)
    return own.model_copy(update={table: _whole(table, own, base) for table in TABLES})


def _whole(table: str, own: Lifecycle, base: Lifecycle | None) -> Table:
    """A table of a file with what it inherits."""
    known = _rows(base, table)
    inherited = {
        name: {"is": row["is"], "source": f"as in {own.extends} ({own.alike}): {row['source']}"}
        for name, row in known.items()
    }
    changed = {name: {**known.get(name, {}), **row} for name, row in _rows(own, table).items()}
    return {**inherited, **changed}


def _rows(of: Lifecycle | Switch | None, table: str) -> Table:
    rows: Table = getattr(of, table) if of is not None else {}
    return rows


def _extended(path: Path, own: Lifecycle, extending: tuple[Path, ...]) -> Lifecycle | None:
    """What the file in `path` extends: the lifecycle of that name beside it, or one that hookproof ships."""
    if own.extends is None:
        return None
    shipped = {each.stem: each for each in lifecycle_files()}
    beside = {each.stem: each for each in path.parent.glob("*.toml")}
    found = {**shipped, **beside}.get(own.extends)
    if found is None:
        others = [name for name in shipped if name != path.stem]
        raise CatalogueError(path, [f"extends: {_unknown('lifecycle', own.extends, others)}"])
    chain = (*extending, path)
    if found in chain:
        circle = " -> ".join(each.stem for each in (*chain[chain.index(found) :], found))
        raise CatalogueError(path, [f"extends: goes in a circle ({circle})"])
    base = _read(found, chain)
    if base.host != own.host:
        raise CatalogueError(path, [f"extends: {own.extends} is a lifecycle of {base.host}, not of {own.host}"])
    return base


def _mistakes(table: str, own: Lifecycle, base: Lifecycle | None) -> Iterator[str]:
    """What is wrong with the rows of a file in one of its tables; those of `base` are inherited."""
    known, mine = _rows(base, table), _rows(own, table)
    for name, row in mine.items():
        found = _shape(table, name, row, {"source"} if name in known else {"is", "source"})
        if found is not None:
            # a row without `is` may be right but for what it extends
            yield found if base is None or name in known else f"{found}; {own.extends} has no such row"
        elif base is not None and name not in known:
            other = "events" if table == "rows" else "rows"
            where = f"; it is in [{other}]" if name in _rows(base, other) else ""
            yield f"{table}.{name}: {own.extends} has no such row{where}"
        elif name in known and "is" in row and same(row["is"], known[name]["is"]):
            yield (
                f"{table}.{name}: is superfluous, for {own.extends} says the same; take the row out, or its `is` "
                "where its source says more"
            )
    for switch_name, switch in own.switches.items():
        for name, row in _rows(switch, table).items():
            where = f"switches.{switch_name}.{table}"
            found = _shape(where, name, row, {"is", "source"})
            if found is not None:
                yield found
            if name not in mine and name not in known:
                nor = f", and {own.extends} neither" if own.extends else ""
                yield f"{where}.{name}: changes a row that the lifecycle does not have{nor}"


def _shape(where: str, name: str, row: dict[str, Any], needed: set[str]) -> str | None:
    """What is wrong with one row as such."""
    if not needed <= set(row) <= {"is", "source"} or not isinstance(row["source"], str) or not row["source"]:
        return f'{where}.{name}: expected {{ is = ..., source = "..." }}, found keys {sorted(row)}'
    if "is" in row and where.rpartition(".")[2] == "events":
        try:
            _FIRINGS.validate_python(row["is"])
        except ValidationError as error:
            first = error.errors()[0]
            at = ".".join(str(step) for step in first["loc"])
            wanted = 'a list of { event = "...", whose = "...", context = "..." }'
            return f"{where}.{name}: expected {wanted}, found at {at or 'is'}: {first['msg']}"
    return None


def same(one: Any, other: Any) -> bool:
    """Whether a stand-in is given the same: types and the order of keys count."""
    return json.dumps(one, default=repr) == json.dumps(other, default=repr)


def resolve_lifecycle(spec: str) -> Resolved:
    """`NAME[+SWITCH...]` as plain values.

    Raises LookupError, naming what there is, for an unknown name or switch.
    """
    name, *switches = spec.split("+")
    by_name = {path.stem: path for path in lifecycle_files()}
    if name not in by_name:
        raise LookupError(_unknown("lifecycle", name, list(by_name)))
    return resolve(read_lifecycle(by_name[name]), switches)


def resolve(lifecycle: Lifecycle, switches: Sequence[str] = ()) -> Resolved:
    """A lifecycle with some of its switches on, as plain values. Raises LookupError for a switch that it has not."""
    chosen: list[Lifecycle | Switch] = [lifecycle]
    for switch in switches:
        if switch not in lifecycle.switches:
            raise LookupError(_unknown(f"switch of {lifecycle.name}", switch, list(lifecycle.switches)))
        chosen.append(lifecycle.switches[switch])
    rows, events = (
        {row: value["is"] for each in chosen for row, value in _rows(each, table).items()} for table in TABLES
    )
    spec = "+".join([lifecycle.name, *switches])
    return Resolved(name=spec, host=lifecycle.host, rows=rows, events=events, like=lifecycle.name)


def _unknown(what: str, name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"no {what} is called {name!r}{hint} (there is: {', '.join(known) or 'none'})"
