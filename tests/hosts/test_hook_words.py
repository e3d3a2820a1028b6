"""Which run of a hook a real host has spoken of: by event, output and end, whichever comes first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hookproof.hosts.hook_words import HookWords, Said
from hookproof.journal import Journal
from hookproof.records.hosts import HookJudged
from hookproof.records.sent import HookEnded, HookEndedBy, HookStarted

Do = Callable[[HookWords, Journal], None]


def begins(run: str, command: str = "hook", event: str = "Stop") -> Do:
    def do(_: HookWords, journal: Journal) -> None:
        nothing: dict[str, Any] = {"agent_id": None, "agent_type": None, "plugin": None, "pgid": None}
        about: dict[str, Any] = {"pid": 1, "cwd": "/", "payload": {}, "env": {}, "session_id": "s"}
        journal.write(HookStarted(run=run, event=event, command=command, **about, **nothing))

    return do


def ends(run: str, *, exit_: int | None = 0, out: str = "", by: HookEndedBy = "itself", event: str = "Stop") -> Do:
    def do(_: HookWords, journal: Journal) -> None:
        about: dict[str, Any] = {"session_id": "s", "agent_id": None, "signal": None, "stderr": ""}
        journal.write(HookEnded(run=run, event=event, exit=exit_, stdout=out, ended_by=by, **about))

    return do


def says(*, failed: bool = False, event: str = "Stop", **more: Any) -> Do:
    return lambda words, _: words.say(Said(event, failed=failed, **more))


def over(**more: Any) -> Do:
    return lambda words, _: words.finish(**more)


def judged(tmp_path: Path, *dos: Do) -> list[tuple[str, str, bool]]:
    async def played() -> list[HookJudged]:
        journal = Journal(tmp_path / "journal.jsonl")
        words = HookWords(journal, "main")
        for do in dos:
            do(words, journal)
            await asyncio.sleep(0)
        return journal.of(HookJudged)

    return [(each.run, each.output, each.cut) for each in asyncio.run(played())]


REFUSED = says(failed=True, stdout="[1]", exit=1)
TWO = (begins("a", "a"), begins("b", "b"))


@pytest.mark.parametrize(
    ("dos", "found"),
    [
        ([begins("a"), ends("a", out="x\n"), says(stdout="x")], [("a", "taken", False)]),
        ([begins("a"), says(stdout="x"), ends("a", out="x\n")], [("a", "taken", False)]),
        ([begins("a"), ends("a", out="[1]"), REFUSED], [("a", "refused", False)]),
        ([begins("a"), REFUSED, ends("a", out="[1]")], [("a", "refused", False)]),
        ([begins("a"), ends("a", exit_=1), says(failed=True, stdout="", exit=1)], [("a", "not read", False)]),
        # whoever printed nothing and ended well has nothing that could be refused
        (
            [*TWO, ends("a"), ends("b", exit_=3), says(failed=True, stdout="", exit=3), says(stdout="")],
            [("b", "not read", False), ("a", "taken", False)],
        ),
        (
            [*TWO, ends("a", out="[1]"), ends("b", out="[2]"), says(failed=True, stdout="[2]")],
            [("b", "refused", False)],
        ),
        ([begins("a"), says(failed=True, cut=True), ends("a", exit_=None, by="host")], [("a", "not read", True)]),
        # what is cut is told by its end or by none; until then it may be any of those that run
        ([*TWO, says(failed=True, cut=True), ends("a"), over()], [("b", "not read", True)]),
        ([begins("a"), ends("a"), says(failed=True, cut=True)], []),
        ([begins("a"), ends("a"), says(failed=True, cut=True), over()], [("a", "not read", True)]),
        ([begins("a", "x"), ends("a"), says(failed=True, cut=True, command="x")], [("a", "not read", True)]),
        ([*TWO, ends("a"), ends("b"), says(command="b")], [("b", "taken", False)]),
        ([begins("a"), ends("a"), says(session_id="another")], []),
        ([begins("a"), ends("a"), says(thread="another")], []),
        ([begins("a"), ends("a"), says(thread="s")], [("a", "taken", False)]),
        ([begins("a"), ends("a"), says(event="SessionStart")], []),
        # of an event of which only failures are told, silence says that all is well, of a hook that ended well
        (
            [*TWO, ends("a", out="x"), ends("b", exit_=1), over(complains_of="Stop", session_id="s")],
            [("a", "taken", False)],
        ),
        ([begins("a"), ends("a", out="x"), over(complains_of="Stop", session_id="t")], []),
    ],
)
def test_the_run_that_was_meant_is_found(tmp_path: Path, dos: list[Do], found: list[tuple[str, str, bool]]) -> None:
    assert judged(tmp_path, *dos) == found


def test_the_hosts_own_words_are_kept(tmp_path: Path) -> None:
    async def played() -> HookJudged:
        journal = Journal(tmp_path / "journal.jsonl")
        words = HookWords(journal, "main")
        for do in (begins("a"), ends("a", out="[1]"), says(failed=True, stdout="[1]", words="is no document")):
            do(words, journal)
        return journal.of(HookJudged)[0]

    assert asyncio.run(played()).words == "is no document"
