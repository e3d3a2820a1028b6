"""The recorder against whoever has the run's token and no manners: all of it is told, none of it harms the others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hookproof.journal import Journal
from hookproof.records import KINDS, Record, Sent, plain, shape
from hookproof.records.run import Error, RecorderBrokenOff, Stranger
from hookproof.records.sent import CodexExit, ShellHeld
from hookproof.sandbox import recorder as recorders
from hookproof.sandbox.recorder import Recorder

SECONDS = 20.0
TOKEN = "right"
HONEST = b'{"kind": "codex.exit", "why": "it is over"}'
VALUES: dict[str, Any] = {
    "a string": "t",
    "`itself`, `timeout`, `budget` or `host`": "itself",
    "`hook type`, `hook key`, `event` or `MCP server`": "event",
    "a string or null": None,
    "a whole number": 0,
    "a whole number or null": None,
    "true or false": True,
    "a process id": 7,
    "a process id or null": None,
    "a list of strings": ["t"],
    "an object": {"a": 1},
    "an object of strings": {"A": "b"},
}
"""For every type of a field that must be told a value that fits."""
TOLD = {name: kind for name, kind in KINDS.items() if issubclass(kind, Sent)}
FIELDS = [(name, each.name) for name, kind in TOLD.items() for each in shape(kind) if each.required]


class Sender:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def say(self, line: bytes) -> bool:
        """Send a line, and wait for its answer; False when the connection was closed instead."""
        try:
            self._writer.write(line + b"\n")
            await self._writer.drain()
            async with asyncio.timeout(SECONDS):
                return bool(await self._reader.read(1))
        except ConnectionError:
            return False

    def leave(self, rest: bytes = b"") -> None:
        """Go, perhaps in the middle of a line."""
        self._writer.write(rest)
        self._writer.close()


Connect = Callable[..., Awaitable[Sender]]


def journal_of(tmp_path: Path, test: Callable[[Connect, Journal], Awaitable[None]]) -> list[Record]:
    async def play() -> list[Record]:
        journal = Journal(tmp_path / "journal.jsonl")
        recorder = Recorder(journal, TOKEN)
        host, _, port = (await recorder.start()).partition(":")

        async def connect(source: str = "forger", token: str = TOKEN) -> Sender:
            sender = Sender(*await asyncio.open_connection(host, int(port)))
            await sender.say(json.dumps({"token": token, "source": source, "pid": 7}).encode())
            return sender

        unhandled: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: unhandled.append(context))
        try:
            await test(connect, journal)
        finally:
            await recorder.stop()
            journal.close()
        assert unhandled == []
        return journal.records

    return asyncio.run(play())


def told_after(tmp_path: Path, *lines: bytes) -> list[Record]:
    """What the journal has of these lines. Each was answered, an honest one after them, and so was another's."""

    async def test(connect: Connect, _journal: Journal) -> None:
        other, sender = await connect("claude"), await connect()
        for line in lines:
            assert await sender.say(line)
        assert await sender.say(HONEST)
        assert await other.say(HONEST)

    *records, mine, others = journal_of(tmp_path, test)
    assert isinstance(mine, CodexExit)
    assert isinstance(others, CodexExit)
    assert [mine.source, others.source] == ["forger", "claude"]
    return records


def whole(kind: str) -> dict[str, Any]:
    return {"kind": kind, **{each.name: VALUES[each.words] for each in shape(TOLD[kind]) if each.required}}


@pytest.mark.parametrize("kind", TOLD)
def test_a_record_that_holds_what_it_must_is_written_down_as_it_is(tmp_path: Path, kind: str) -> None:
    if kind == ShellHeld.kind:
        return  # waits to be let go
    (record,) = told_after(tmp_path, json.dumps({**whole(kind), "more": [1]}).encode())
    assert plain(record) == {**plain(record), **whole(kind), "more": [1], "by": 7}


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_a_record_without_one_of_them_or_with_a_wrong_one_is_an_error_that_names_it(
    tmp_path: Path, kind: str, name: str
) -> None:
    less = {key: value for key, value in whole(kind).items() if key != name}
    lines = [json.dumps(each).encode() for each in (less, {**less, name: [[7]]})]
    missing, wrong = told_after(tmp_path, *lines)
    for error in (missing, wrong):
        assert isinstance(error, Error)
        assert (error.where, error.source, error.by) == ("recorder", "forger", 7)
        assert f"'forger' (pid 7) told what is refused: a record of the kind {kind!r}" in error.what
        assert repr(name) in error.what
        assert ("[[7]]" in error.what) == (error is wrong)


@pytest.mark.parametrize(
    "kind", ["case", "end", "error", "look", "gate.answered", "process.died", "flood", "", None, 7]
)
def test_what_only_the_harness_tells_nobody_else_may(tmp_path: Path, kind: object) -> None:
    (error,) = told_after(tmp_path, json.dumps({"kind": kind, "job": "review", "n": 1}).encode())
    assert isinstance(error, Error)
    assert "no record of the kind" in error.what


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"not json", "Expecting value"),
        (b"\xff\xfe not json", "no record"),
        (b"", "no record"),
        (b"[1]", "no record"),
        (b'{"kind": "codex.exit", "why": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested more than 100 deep"),
        (b'{"kind": "codex.exit", "why": "x", "more": ' + b"[" * 300 + b"]" * 300 + b"}", "nested more than 100 deep"),
        (b'{"kind": "codex.exit", "why": "' + b"x" * recorders.LONGEST_LINE + b'"}', "33554432 are the most"),
    ],
    ids=["text", "bytes", "nothing", "a list", "deep", "less deep", "long"],
)
def test_a_line_that_is_no_record_is_an_error_and_costs_nobody_a_word(tmp_path: Path, line: bytes, says: str) -> None:
    (error,) = told_after(tmp_path, line)
    assert isinstance(error, Error)
    assert error.source == "forger"
    assert says in error.what


def test_half_a_surrogate_pair_is_replaced(tmp_path: Path) -> None:
    (record,) = told_after(tmp_path, b'{"kind": "codex.exit", "why": "A\\ud800\\u0000B"}')
    assert isinstance(record, CodexExit)
    assert record.why == "A\ufffd\0B"


def test_a_sender_that_dies_in_the_middle_of_a_record_is_told_and_is_no_error(tmp_path: Path) -> None:
    async def test(connect: Connect, journal: Journal) -> None:
        (await connect()).leave(b'{"kind": "codex.exi')
        await journal.wait(lambda r: isinstance(r, RecorderBrokenOff), waiting_for="the end of it", seconds=SECONDS)

    (record,) = journal_of(tmp_path, test)
    assert isinstance(record, RecorderBrokenOff)
    assert (record.source, record.bytes) == ("forger", 19)


def test_a_sender_of_nothing_but_garbage_is_cut_off_in_the_end(tmp_path: Path) -> None:
    async def test(connect: Connect, _journal: Journal) -> None:
        sender, other = await connect(), await connect("claude")
        said = [await sender.say(b"garbage") for _ in range(recorders.MOST_MISFITS + 1)]
        assert said == [True] * recorders.MOST_MISFITS + [False]
        assert await other.say(HONEST)

    *errors, last = journal_of(tmp_path, test)
    assert len(errors) == recorders.MOST_MISFITS
    assert isinstance(errors[-1], Error)
    assert "its connection was closed" in errors[-1].what
    assert isinstance(last, CodexExit)


@contextmanager
def bounds(monkeypatch: pytest.MonkeyPatch, run: int, connection: int) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setattr(recorders, "MOST_OF_A_RUN", run)
        patched.setattr(recorders, "MOST_OF_A_CONNECTION", connection)
        yield


def test_one_that_floods_is_told_once_and_the_others_go_on(tmp_path: Path) -> None:
    big = b'{"kind": "codex.exit", "why": "' + b"y" * 2**20 + b'"}'

    async def test(connect: Connect, _journal: Journal) -> None:
        other, sender = await connect("claude"), await connect()
        for _ in range(300):
            assert await sender.say(big)
        assert await other.say(HONEST)

    *flood, error, last = journal_of(tmp_path, test)
    assert {record.kind for record in flood} == {"codex.exit"}
    assert 20 < len(flood) < 32
    assert isinstance(error, Error)
    assert "told more than 32 MiB; no more is taken of it" in error.what
    assert isinstance(last, CodexExit)
    assert last.source == "claude"
    assert (tmp_path / "journal.jsonl").stat().st_size < recorders.MOST_OF_A_CONNECTION + 2**20


def test_what_all_tell_together_is_bounded_and_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(connect: Connect, _journal: Journal) -> None:
        for sender in [await connect() for _ in range(4)]:
            assert await sender.say(HONEST)
            assert await sender.say(HONEST)

    with bounds(monkeypatch, run=5 * len(HONEST), connection=1000):
        records = journal_of(tmp_path, test)
    *taken, last = records
    assert [type(record) for record in taken] == [CodexExit] * 5
    assert isinstance(last, Error)
    assert "no more is taken" in last.what


def test_strangers_are_told_sparingly(tmp_path: Path) -> None:
    async def test(connect: Connect, _journal: Journal) -> None:
        for _ in range(recorders.MOST_STRANGERS + 10):
            await connect(token="wrong")

    records = journal_of(tmp_path, test)
    strangers = [record for record in records if isinstance(record, Stranger)]
    assert len(strangers) == len(records) == recorders.MOST_STRANGERS
    assert "not told" in strangers[-1].what


@pytest.mark.parametrize("hello", [b"\xff", b"[]", b"GET / HTTP/1.1", b"{" * 200_000, b'"' + b"x" * 10_000, b"{}"])
def test_who_begins_with_anything_else_is_a_stranger_and_no_error(tmp_path: Path, hello: bytes) -> None:
    async def test(_connect: Connect, journal: Journal) -> None:
        recorder = Recorder(journal, TOKEN)
        host, _, port = (await recorder.start()).partition(":")
        sender = Sender(*await asyncio.open_connection(host, int(port)))
        assert not await sender.say(hello)
        await recorder.stop()

    (record,) = journal_of(tmp_path, test)
    assert isinstance(record, Stranger)


@pytest.mark.parametrize("hello", [{}, {"source": 7, "pid": 7}, {"source": "x", "pid": "7"}, {"source": "x", "pid": 0}])
def test_a_sender_that_does_not_say_who_it_is_is_turned_away(tmp_path: Path, hello: dict[str, Any]) -> None:
    async def test(_connect: Connect, journal: Journal) -> None:
        recorder = Recorder(journal, TOKEN)
        host, _, port = (await recorder.start()).partition(":")
        sender = Sender(*await asyncio.open_connection(host, int(port)))
        assert not await sender.say(json.dumps({"token": TOKEN, **hello}).encode())
        await recorder.stop()

    (record,) = journal_of(tmp_path, test)
    assert isinstance(record, Error)
    assert "the first line of a connection" in record.what


def test_a_follower_that_fails_at_a_record_hinders_neither_the_sender_nor_the_others(tmp_path: Path) -> None:
    seen: list[str] = []

    def fails(record: Record) -> None:
        raise KeyError(record.kind)

    async def test(connect: Connect, journal: Journal) -> None:
        journal.observe(fails)
        journal.observe(lambda record: seen.append(record.kind))
        assert await (await connect()).say(HONEST)

    first, second = journal_of(tmp_path, test)
    assert isinstance(first, CodexExit)
    assert isinstance(second, Error)
    assert second.where == "journal"
    assert "fails failed at record 1 (codex.exit): KeyError" in second.what
    assert sorted(seen) == ["codex.exit", "error"]
