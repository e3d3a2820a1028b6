"""The journal: order, waiting, and reading back what a killed run left."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from whole_records import whole

from hookproof import journal as journals
from hookproof.errors import DeadlineMissedError
from hookproof.journal import Journal, JournalError
from hookproof.records import FORMAT, KINDS, Record, decode, outward, plain
from hookproof.records.hosts import HostLine
from hookproof.records.run import Case, Error, Settled, ShellLetGo, SweepBegan, Swept


def test_records_are_numbered_timed_and_readable(tmp_path: Path) -> None:
    ticks = iter([100.0, 100.0015, 100.25])
    journal = Journal(tmp_path / "j.jsonl", clock=lambda: next(ticks))
    journal.write(Settled(alive=1))
    journal.write(SweepBegan())
    journal.close()
    assert journals.read(tmp_path / "j.jsonl") == [
        Settled(seq=1, at=1.5, alive=1),
        SweepBegan(seq=2, at=250.0),
    ]


def test_a_wait_sees_what_is_already_there_and_what_comes(tmp_path: Path) -> None:
    async def play() -> None:
        journal = Journal(tmp_path / "j.jsonl")
        journal.write(SweepBegan())
        seen = await journal.wait(lambda r: r.kind == "sweep.began", waiting_for="early", seconds=5)
        assert seen.seq == 1
        waiting = asyncio.create_task(journal.wait(lambda r: r.kind == "swept", waiting_for="late", seconds=5))
        await asyncio.sleep(0)
        journal.write(ShellLetGo())
        journal.write(Swept(ended=0, left=0))
        assert (await waiting).seq == 3
        journal.close()

    asyncio.run(play())


def test_since_leaves_out_what_was_before(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.jsonl")
    journal.write(SweepBegan())
    assert journal.find(lambda r: r.kind == "sweep.began") is not None
    assert journal.find(lambda r: r.kind == "sweep.began", since=1) is None
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
        if record.kind == "sweep.began":
            journal.write(Swept(ended=0, left=0))

    journal.observe(echo)
    journal.write(SweepBegan())
    journal.close()
    assert [record.kind for record in journals.read(tmp_path / "j.jsonl")] == ["sweep.began", "swept"]


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    path.write_text('{"seq":1,"at":0,"kind":"sweep.began"}\n{"seq":2,"kind":"b', encoding="utf-8")
    assert [record.kind for record in journals.read(path)] == ["sweep.began"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b'{"seq":1,"at":0,"kind":"sweep.began"}\nnonsense\n{"kind":"b"}\n',
            ":2: expected one JSON object a line: Expecting",
        ),
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


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"seq":1,"at":0,"kind":"a"}', r":1: there is no record of the kind 'a', found"),
        (b'{"seq":1,"at":0,"kind":"settled"}', ":1: a record of the kind 'settled' without 'alive': expected a whole"),
        (
            b'{"seq":1,"at":0,"kind":"swept","ended":0,"left":"x"}',
            ":1: a record of the kind 'swept' with 'left' 'x': expected a whole number, found",
        ),
        (
            b'{"seq":1,"at":0,"kind":"strays","of":"undecided","processes":[{"pid":1}]}',
            r":1: a record of the kind 'strays' with 'processes' .*: at \[0\]: an object without 'start': expected",
        ),
        (
            b'{"seq":1,"at":0,"kind":"case","format":5}',
            ": a journal of format 5, which a later hookproof has written; ",
        ),
        (b'{"seq":1,"at":0,"kind":"case","format":"x"}', ':1: the "case" record: expected the number of a format'),
    ],
    ids=["no kind", "a field is missing", "a field is wrong", "a part of one", "a newer format", "no format"],
)
def test_a_record_that_is_not_whole_is_told_with_its_kind_and_field(tmp_path: Path, line: bytes, message: str) -> None:
    path = tmp_path / "j.jsonl"
    path.write_bytes(line + b"\n")
    with pytest.raises(JournalError, match=message):
        journals.read(path)


def test_what_is_written_is_read_back_the_same(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.jsonl")
    program = {"name": "claude", "version": "fake"}
    for kind in sorted(KINDS, key=lambda kind: kind != "case"):
        journal.write(whole(kind, **({"format": FORMAT, "host": program, "worker": program} if kind == "case" else {})))
    journal.write(decode("user", {"session": "main", "text": "Hi.", "mood": "good"}, Record))
    journal.close()
    assert journals.read(tmp_path / "j.jsonl") == journal.records
    assert journal.records[-1].undeclared == {"mood": "good"}


FAULTS: list[tuple[str, str, dict[str, Any]]] = [
    ("worker ended", "fault.worker_killed", {"job": "review", "pids": [7]}),
    ("server frozen", "fault.server_frozen", {"pids": []}),
    ("state torn", "fault.state_torn", {"files": [{"file": "s", "bytes": 2, "left": 1}]}),
    ("workspace deleted", "fault.workspace_deleted", {}),
]


@pytest.mark.parametrize(
    ("older", "now"),
    [({"kind": "fault", "what": what, **fields}, {"kind": kind, **fields}) for what, kind, fields in FAULTS]
    + [
        ({"kind": "look", "step": 1, "files": []}, {"kind": "agent.look", "step": 1, "files": []}),
        (
            {"kind": "job.started", "job": "work"},
            {"kind": "job.started", "job": "work", "row": None, "worker": None, "processes": []},
        ),
        ({"kind": "job.ended", "job": "work"}, {"kind": "job.ended", "job": "work", "how": "", "worker": None}),
    ],
    ids=lambda each: str(each.get("what", each["kind"])),
)
def test_a_record_of_the_format_without_a_number_is_read(
    tmp_path: Path, older: dict[str, Any], now: dict[str, Any]
) -> None:
    (tmp_path / "older.jsonl").write_text(json.dumps({"seq": 1, "at": 0, **older}) + "\n")
    (record,) = journals.read(tmp_path / "older.jsonl")
    assert json.loads(journals.encoded(record)) == {"seq": 1, "at": 0, **now}


ENDED = {"kind": "hook.ended", "run": "r", "event": "PreToolUse", "session_id": None, "agent_id": None}
ENDED |= {"signal": None, "stdout": "", "stderr": ""}


@pytest.mark.parametrize("number", [None, 1, 2, 3])
@pytest.mark.parametrize(
    ("exit_", "ended_by", "told", "effects"),
    [
        (0, "itself", [], {"output": "taken"}),
        (0, "itself", ["context", "deny"], {"output": "taken", "context": "", "decision": "deny"}),
        (0, "itself", ["stop", "update"], {"output": "taken", "stop": "", "updates_input": True}),
        (0, "itself", ["error"], {"output": "refused"}),
        (1, "itself", ["error"], {"output": "not read"}),
        (None, "budget", ["error"], {"output": "not read"}),
        (0, "itself", {"status": "completed", "context": "c", "reason": None}, {"output": "taken", "context": "c"}),
        (0, "itself", {"status": "failed", "reason": "invalid"}, {"output": "refused", "words": "invalid"}),
        (1, "itself", {"status": "failed", "reason": "code 1"}, {"output": "not read", "words": "code 1"}),
        (2, "itself", {"status": "blocked", "reason": "r"}, {"output": "taken", "decision": "block", "reason": "r"}),
        (0, "itself", {"status": "stopped", "reason": None}, {"output": "taken", "stop": ""}),
        (0, "itself", None, None),
    ],
)
def test_what_a_stand_in_told_of_a_hook_in_a_form_of_its_own_is_read(
    tmp_path: Path, number: int | None, exit_: int | None, ended_by: str, told: Any, effects: Any
) -> None:
    program = {"name": "claude", "version": "fake"}
    begun = plain(whole("case", format=number or 1, host=program, worker=program))
    begun = begun if number else {name: value for name, value in begun.items() if name != "format"}
    ended = {"seq": 2, "at": 0, **ENDED, "exit": exit_, "ended_by": ended_by, "effects": told}
    path = tmp_path / "older.jsonl"
    path.write_text("".join(json.dumps(each, default=outward) + "\n" for each in (begun, ended)))
    record = journals.read(path)[1]
    assert json.loads(journals.encoded(record)).get("effects") == effects


@pytest.mark.parametrize("told", [["error"], {"status": "failed", "reason": "invalid"}])
def test_what_an_older_stand_in_did_not_take_is_unknown(tmp_path: Path, told: Any) -> None:
    ended = {"seq": 1, "at": 0, **ENDED, "exit": 0, "ended_by": "itself", "effects": told, "not_taken": "too long"}
    (tmp_path / "older.jsonl").write_text(json.dumps(ended) + "\n")
    (record,) = journals.read(tmp_path / "older.jsonl")
    assert json.loads(journals.encoded(record))["effects"] == {"output": "unknown", "words": "too long"}


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize(
    ("told", "network", "left"),
    [
        ({"kind": "network namespace", "proof": ["interfaces: lo"]}, "network namespace", 4),
        ({"kind": "closed proxy", "proof": ["interfaces: lo"]}, "closed proxy", 5),
    ],
)
def test_how_an_older_journal_tells_of_its_isolation_is_read(
    tmp_path: Path, number: int, told: dict[str, Any], network: str, left: int
) -> None:
    program = {"name": "claude", "version": "2.1.91"}
    begun = plain(whole("case", format=number, host=program, worker=program)) | {"isolation": told}
    path = tmp_path / "older.jsonl"
    path.write_text(json.dumps(begun, default=outward) + "\n")
    (record,) = journals.read(path)
    assert isinstance(record, Case)
    assert record.isolation is not None
    found = record.isolation
    assert (found.level, found.network, found.proof) == ("none", network, ["interfaces: lo"])
    assert len(found.not_prevented) == left


def test_a_journal_that_tells_nothing_of_its_isolation_stays_silent(tmp_path: Path) -> None:
    program = {"name": "claude", "version": "fake"}
    path = tmp_path / "older.jsonl"
    path.write_text(json.dumps(plain(whole("case", format=2, host=program, worker=program)), default=outward) + "\n")
    (record,) = journals.read(path)
    assert isinstance(record, Case)
    assert record.isolation is None


def test_a_level_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    program = {"name": "claude", "version": "fake"}
    begun = plain(whole("case", format=FORMAT, host=program, worker=program))
    path = tmp_path / "j.jsonl"
    path.write_text(json.dumps(begun | {"isolation": {"level": "fuller", "network": "none"}}, default=outward) + "\n")
    with pytest.raises(JournalError, match=r"'isolation' .*with 'level' 'fuller': expected `full`, `without-pids` or "):
        journals.read(path)


def test_a_fault_that_no_format_knows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "j.jsonl").write_text('{"seq":1,"at":0,"kind":"fault","what":"sun darkened"}\n')
    with pytest.raises(JournalError, match="there is no record of the kind 'fault'"):
        journals.read(tmp_path / "j.jsonl")


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
    assert all(record.kind in KINDS for record in records)


def test_a_follower_that_fails_is_an_error_after_the_record_and_fails_alone(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.jsonl")
    seen: list[int] = []

    def fails(_record: Record) -> None:
        raise RecursionError("of its own")

    journal.observe(fails)
    journal.observe(lambda record: seen.append(record.seq))
    journal.write(SweepBegan())
    journal.close()
    first, second = journals.read(tmp_path / "j.jsonl")
    assert isinstance(second, Error)
    assert (first.kind, second.where) == ("sweep.began", "journal")
    assert "failed at record 1 (sweep.began): RecursionError: of its own" in second.what
    assert sorted(seen) == [1, 2]


def test_who_waits_with_a_predicate_that_fails_hears_of_it(tmp_path: Path) -> None:
    async def play() -> None:
        journal = Journal(tmp_path / "j.jsonl")
        wrong = asyncio.create_task(journal.wait(lambda r: bool({"": 0}[r.kind]), waiting_for="it", seconds=5))
        right = asyncio.create_task(journal.wait(lambda r: r.kind == "sweep.began", waiting_for="it", seconds=5))
        await asyncio.sleep(0)
        journal.write(SweepBegan())
        with pytest.raises(KeyError):
            await wrong
        assert (await right).seq == 1
        journal.close()

    asyncio.run(play())


def test_what_is_no_json_is_an_error_in_its_place_and_odd_text_is_written(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.jsonl")
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    journal.write(HostLine(session="main", line_type=deep))
    journal.write(HostLine(session="main", line_type={(1, 2): 3}))
    journal.write(HostLine(session="main", text="A\ud800\0B", line_type=tmp_path))
    journal.close()
    first, second, third = journals.read(tmp_path / "j.jsonl")
    assert isinstance(first, Error)
    assert isinstance(second, Error)
    assert "a record of the kind 'host.line' cannot be written: RecursionError" in first.what
    # half a surrogate pair is replaced when it is read
    assert third == HostLine(seq=3, at=third.at, session="main", text="A\ufffd\0B", line_type=str(tmp_path))
    while deep:  # or Python takes it apart level by level on its own stack
        deep = deep.pop()  # type: ignore[assignment]


def test_what_follows_a_record_comes_after_everybody_has_seen_it(tmp_path: Path) -> None:
    seen: list[tuple[str, str]] = []

    async def settles(journal: Journal) -> None:
        journal.write(Settled(alive=0))

    async def play() -> None:
        journal = Journal(tmp_path / "j.jsonl")

        def first(record: Record) -> None:
            seen.append(("first", record.kind))
            if isinstance(record, SweepBegan):
                journal.after(settles(journal))

        journal.observe(first)
        journal.observe(lambda record: seen.append(("second", record.kind)))
        journal.write(SweepBegan())
        journal.write(ShellLetGo())
        await journal.wait(lambda r: isinstance(r, Settled), waiting_for="what follows", seconds=5)
        await journal.stop()
        journal.close()

    asyncio.run(play())
    kinds = ["sweep.began", "shell.let_go", "settled"]
    assert seen == [(who, kind) for kind in kinds for who in ("first", "second")]


def test_what_follows_a_record_and_fails_is_an_error_and_what_still_runs_is_stopped(tmp_path: Path) -> None:
    stopped: list[str] = []

    async def fails() -> None:
        raise OSError("no more room")

    async def never_ends() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.append("stopped")

    async def play() -> list[Record]:
        journal = Journal(tmp_path / "j.jsonl")
        journal.after(fails())
        journal.after(never_ends())
        await journal.wait(lambda r: isinstance(r, Error), waiting_for="the error", seconds=5)
        await journal.stop()
        journal.close()
        return journal.records

    assert [(r.where, r.what) for r in asyncio.run(play()) if isinstance(r, Error)] == [
        ("play", "OSError: no more room")
    ]
    assert stopped == ["stopped"]
