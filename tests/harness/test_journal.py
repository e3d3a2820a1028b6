"""The journal: order, waiting, and reading back what a killed run left."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hookproof import journal as journals
from hookproof.journal import DeadlineMissedError, Journal, JournalError, Record


def test_records_are_numbered_timed_and_readable(tmp_path: Path) -> None:
    ticks = iter([100.0, 100.0015, 100.25])
    journal = Journal(tmp_path / "j.jsonl", clock=lambda: next(ticks))
    journal.write("a", x=1)
    journal.write("b")
    journal.close()
    assert journals.read(tmp_path / "j.jsonl") == [
        {"seq": 1, "at": 1.5, "kind": "a", "x": 1},
        {"seq": 2, "at": 250.0, "kind": "b"},
    ]


def test_a_wait_sees_what_is_already_there_and_what_comes(tmp_path: Path) -> None:
    async def play() -> None:
        journal = Journal(tmp_path / "j.jsonl")
        journal.write("early")
        seen = await journal.wait(lambda r: r["kind"] == "early", waiting_for="early", seconds=5)
        assert seen["seq"] == 1
        waiting = asyncio.create_task(journal.wait(lambda r: r["kind"] == "late", waiting_for="late", seconds=5))
        await asyncio.sleep(0)
        journal.write("other")
        journal.write("late")
        assert (await waiting)["seq"] == 3
        journal.close()

    asyncio.run(play())


def test_since_leaves_out_what_was_before(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.jsonl")
    journal.write("x")
    assert journal.find(lambda r: r["kind"] == "x", since=1) is None
    journal.close()


def test_a_missed_deadline_names_what_was_awaited(tmp_path: Path) -> None:
    async def play() -> None:
        journal = Journal(tmp_path / "j.jsonl")
        with pytest.raises(DeadlineMissedError, match=r"waited 0.01 s for the moon, which did not come"):
            await journal.wait(lambda _r: False, waiting_for="the moon", seconds=0.01)
        journal.close()

    asyncio.run(play())


def test_observers_may_write(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.jsonl")

    def echo(record: Record) -> None:
        if record["kind"] == "call":
            journal.write("echo")

    journal.observe(echo)
    journal.write("call")
    journal.close()
    assert [record["kind"] for record in journals.read(tmp_path / "j.jsonl")] == ["call", "echo"]


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    path.write_text('{"seq":1,"at":0,"kind":"a"}\n{"seq":2,"kind":"b', encoding="utf-8")
    assert [record["kind"] for record in journals.read(path)] == ["a"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"seq":1,"at":0,"kind":"a"}\nnonsense\n{"kind":"b"}\n', ":2: expected one JSON object a line: Expecting"),
        (b'{"at":0,"kind":"a"}\n', ':1: expected a record with a whole number "seq", found'),
        (b'{"seq":"<b>","at":0,"kind":"a"}\n', ':1: expected a record with a whole number "seq", found'),
        (b'{"seq":1,"at":NaN,"kind":"a"}\n', ':1: expected a record with a number "at"'),
        (b"[" * 3000 + b"\n{}\n", ":1: expected one JSON object a line: nested more than 200 deep"),
        (b"[1]\n", r':1: expected a record with a "kind"'),
        (b"\xff\xfe\n", "expected one JSON object a line: 'utf-8' codec"),
    ],
)
def test_damage_is_told_with_its_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "j.jsonl"
    path.write_bytes(content)
    with pytest.raises(JournalError, match=message):
        journals.read(path)


def test_a_missing_journal_says_so(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="does not exist; expected a journal"):
        journals.read(tmp_path / "none.jsonl")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_records_or_a_journal_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "j.jsonl"
    path.write_bytes(content)
    try:
        records = journals.read(path)
    except JournalError:
        return
    assert all(isinstance(record["kind"], str) for record in records)


def test_a_follower_that_fails_is_an_error_after_the_record_and_fails_alone(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.jsonl")
    seen: list[int] = []

    def fails(_record: Record) -> None:
        raise RecursionError("of its own")

    journal.observe(fails)
    journal.observe(lambda record: seen.append(record["seq"]))
    journal.write("a")
    journal.close()
    first, second = journals.read(tmp_path / "j.jsonl")
    assert (first["kind"], second["kind"], second["where"]) == ("a", "error", "journal")
    assert "failed at record 1 (a): RecursionError: of its own" in second["what"]
    assert sorted(seen) == [1, 2]


def test_who_waits_with_a_predicate_that_fails_hears_of_it(tmp_path: Path) -> None:
    async def play() -> None:
        journal = Journal(tmp_path / "j.jsonl")
        wrong = asyncio.create_task(journal.wait(lambda r: bool(r["no such"]), waiting_for="it", seconds=5))
        right = asyncio.create_task(journal.wait(lambda r: r["kind"] == "a", waiting_for="it", seconds=5))
        await asyncio.sleep(0)
        journal.write("a")
        with pytest.raises(KeyError):
            await wrong
        assert (await right)["seq"] == 1
        journal.close()

    asyncio.run(play())


def test_what_is_no_json_is_an_error_in_its_place_and_odd_text_is_written(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.jsonl")
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    journal.write("deep", value=deep)
    journal.write("keys", value={(1, 2): 3})
    journal.write("text", value="A\ud800\0B", self="x", path=tmp_path)
    journal.close()
    first, second, third = journals.read(tmp_path / "j.jsonl")
    assert [record["kind"] for record in (first, second)] == ["error", "error"]
    assert "a record of the kind 'deep' cannot be written: RecursionError" in first["what"]
    assert (third["value"], third["self"], third["path"], third["seq"]) == ("A\ufffd\0B", "x", str(tmp_path), 3)
    while deep:  # or Python takes it apart level by level on its own stack
        deep = deep.pop()  # type: ignore[assignment]
