"""What a stand-in did not play of a plugin is told once, beside a verdict that it does not change. Literal journals."""

from __future__ import annotations

from typing import get_args

import pytest
from job_runs import DONE, RAN
from run_records import journal, look

from hookproof.catalogue.requirement import read_requirements
from hookproof.judge.judge import judge
from hookproof.judge.not_played import Unplayed
from hookproof.records import Record
from hookproof.records.sent import NotPlayedWhat, PluginNotPlayed

REQUIREMENTS = read_requirements()
FILE = "hooks/hooks.json"
SENTENCES: list[tuple[PluginNotPlayed, str]] = [
    (
        PluginNotPlayed(plugin="p", what="hook type", name="prompt", event="Stop", file=FILE),
        "a Stop hook of type 'prompt' in hooks/hooks.json: the stand-in runs commands alone",
    ),
    (
        PluginNotPlayed(plugin="p", what="hook key", name="if", event="PreToolUse", file=FILE, times=2),
        "2 PreToolUse hooks with the key 'if' in hooks/hooks.json: the stand-in does nothing with it",
    ),
    (
        PluginNotPlayed(plugin="p", what="event", name="ConfigChange", event=None, file=FILE, times=3),
        "3 ConfigChange hooks in hooks/hooks.json: the stand-in knows the event by its name and never fires it",
    ),
    (
        PluginNotPlayed(plugin="p", what="MCP server", name="db", event=None, file=".mcp.json"),
        "the MCP server 'db' in .mcp.json: the stand-in does not start it",
    ),
]


def test_every_kind_of_thing_has_a_sentence() -> None:
    assert {record.what for record, _ in SENTENCES} == set(get_args(NotPlayedWhat))


@pytest.mark.parametrize(("record", "sentence"), SENTENCES, ids=[record.what for record, _ in SENTENCES])
def test_it_is_told_with_how_often_and_where(record: PluginNotPlayed, sentence: str) -> None:
    (found,) = judge(journal(record, requires=[]), REQUIREMENTS).not_played
    assert found.sentence == sentence


def test_it_is_told_once_whichever_process_tells_it_and_no_verdict_changes() -> None:
    told: list[Record] = [record for record, _ in SENTENCES]
    plain = judge(journal(RAN, look(DONE), requires=["JOB-03"]), REQUIREMENTS)
    marked = judge(journal(told, RAN, told, look(DONE), requires=["JOB-03"]), REQUIREMENTS)
    assert (plain.not_played, len(marked.not_played)) == ((), len(SENTENCES))
    assert [(check.id, check.verdict, check.seen) for check in marked.checks] == [
        (check.id, check.verdict, check.seen) for check in plain.checks
    ]
    assert marked.verdict is plain.verdict


def test_the_same_key_of_two_events_is_two_things() -> None:
    records = [
        PluginNotPlayed(plugin="p", what="hook key", name="if", event=event, file=FILE) for event in ("Stop", "Other")
    ]
    assert judge(journal(*records, requires=[]), REQUIREMENTS).not_played == tuple(
        Unplayed("hook key", "if", event, FILE, 1) for event in ("Stop", "Other")
    )
