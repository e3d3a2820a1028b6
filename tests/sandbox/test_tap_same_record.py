"""The tap's record of a hook run and a stand-in's own record of the same run are equal, field by field.

A stand-in with tapped hooks tells of each run itself, and so does the tap: the two are held against each other. What
may differ is listed here with its reason, and nothing else may.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from hookproof import journal, places
from hookproof.catalogue.lifecycle import resolve_lifecycle
from hookproof.catalogue.plugin import resolve_plugin
from hookproof.catalogue.scenario import read_scenario
from hookproof.play import Case, PlayOptions, play
from hookproof.records import Record, plain
from hookproof.records.run import Error
from hookproof.records.sent import HookEnded, HookStarted

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nobody has measured the tap on Windows yet")

PLACE_AND_TIME = {"seq", "at", "run", "by"}
MAY_DIFFER = {
    "pid": "a stand-in tells of its child, which is the tap; the tap tells of the hook's own process",
    "command": "a stand-in has read the wrapped command; the tap knows the one that the plugin was written with",
    "effects": "what a host makes of an output only the host knows: the tap says nothing",
    "ms": "a stand-in runs the tap, which runs the hook: what the tap needs is in the one and not in the other",
    "thread_id": "which thread a hook ran for only the host knows, where the payload does not say it",
}
ENV_MAY_DIFFER: dict[str, str] = {}
"""Nothing: between the host and the hook the environment passes the tap unchanged."""
CASES = [
    ("jobs/pattern-c", "reference:correct", "claude-2.1.91"),
    ("jobs/pattern-c", "reference:as-reported", "claude-2.1.329"),
    ("jobs/pattern-c", "reference:correct", "as-reported-345"),
    ("context/known-agent", "reference-workflow", "codex-0.130"),
    ("context/known-agent", "reference-workflow", "codex-0.133"),
    ("context/nested-agent", "reference-workflow", "codex-0.169"),
]


def played(case: tuple[str, str, str], folder: Path) -> list[Record]:
    scenario, plugin, lifecycle = case
    whole = Case(
        read_scenario(places.SCENARIOS / f"{scenario}.toml"), resolve_plugin(plugin), resolve_lifecycle(lifecycle)
    )
    return journal.read(asyncio.run(play(whole, folder, PlayOptions(seconds=30.0, tap=True))))


def key(started: HookStarted) -> str:
    return json.dumps(started.payload, sort_keys=True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0].partition('/')[2]}-{case[2]}")
def test_the_taps_record_is_the_stand_ins(case: tuple[str, str, str], tmp_path: Path) -> None:
    records = played(case, tmp_path)
    assert not [record for record in records if isinstance(record, Error)]
    ends = {record.run: record for record in records if isinstance(record, HookEnded)}
    started = [record for record in records if isinstance(record, HookStarted)]
    taps = {key(record): record for record in started if _is_the_taps(record)}
    own = {key(record): record for record in started if not _is_the_taps(record)}
    assert len(own) > 1
    assert taps.keys() == own.keys()
    assert len(started) == 2 * len(own)
    for payload, mine in own.items():
        its = taps[payload]
        _equal(mine, its)
        _equal(ends[mine.run], ends[its.run])
        # the tap is the process that the stand-in has started, and begins and ends within its run
        assert its.by == mine.pid
        assert mine.at <= its.at <= ends[its.run].at <= ends[mine.run].at


def _is_the_taps(started: HookStarted) -> bool:
    return "tap.py" not in started.command


def _equal(my_record: Record, its_record: Record) -> None:
    mine, its = plain(my_record), plain(its_record)
    allowed = PLACE_AND_TIME | MAY_DIFFER.keys()
    if mine["event"] == "SessionEnd":
        # the tap tells what the hook declares, and its host may give it less
        allowed |= {"timeout"}
    # whose run it is a stand-in knows always, the tap where the payload says it
    if mine["agent_id"] is not None and "agent_id" not in (mine.get("payload") or its.get("payload") or {}):
        allowed |= {"agent_id", "agent_type"}
    for name in (mine.keys() | its.keys()) - allowed - {"env"}:
        assert its[name] == mine[name], name
    for name in (mine.get("env", {}).keys() | its.get("env", {}).keys()) - ENV_MAY_DIFFER.keys():
        assert its["env"][name] == mine["env"][name], name


def test_every_difference_is_one_that_there_is(tmp_path: Path) -> None:
    pairs: list[tuple[Record, Record]] = []
    for number in (0, 4):  # a session's end has a time of its own on Claude Code, and only Codex has threads
        folder = tmp_path / str(number)
        folder.mkdir()
        records = played(CASES[number], folder)
        started = [record for record in records if isinstance(record, HookStarted)]
        ends = {record.run: record for record in records if isinstance(record, HookEnded)}
        taps = {key(record): record for record in started if _is_the_taps(record)}
        for mine in (record for record in started if not _is_the_taps(record)):
            its = taps[key(mine)]
            pairs += [(mine, its), (ends[mine.run], ends[its.run])]
    for name in MAY_DIFFER:
        assert any(plain(mine).get(name) != plain(its).get(name) for mine, its in pairs), name


def test_a_plugin_is_judged_the_same_with_taps(tmp_path: Path) -> None:
    """Beside the stand-in's own records those of the tap change no verdict."""
    from hookproof.suite.judging import Judges

    folders = [tmp_path / "with", tmp_path / "without"]
    case = Case(
        read_scenario(places.SCENARIOS / "context" / "known-agent.toml"),
        resolve_plugin("reference-workflow:before-146"),
        resolve_lifecycle("codex-0.130"),
    )
    verdicts = []
    for folder in folders:
        folder.mkdir()
        path = asyncio.run(play(case, folder, PlayOptions(seconds=30.0, tap=folder.name == "with")))
        verdicts.append([(each.id, each.verdict, each.seen) for each in Judges.read().judge(path).checks])
    assert verdicts[0] == verdicts[1]
