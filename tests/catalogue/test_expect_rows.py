"""The rows of `[[expect]]`: what is read, as which type, and what is said of each mistake."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from hookproof.catalogue.expect import Expect, Hook, Told
from hookproof.catalogue.reading import CatalogueError
from hookproof.catalogue.scenario import Scenario, read_scenario
from hookproof.records import expect as recorded
from hookproof.records.expect import FileLeft, Held, HookRan, Times, Wording
from hookproof.records.parts import FoundFile, LeftFile

HEAD = """
title = "A title"
source = "somewhere"
kind = "context"
host = "claude"
user = "Do it."
[[model.main]]
text = "Done."
"""
ROW = 'id = "ours-1"\nmust = "It is so."\n'
TOLD = 'told = { text = "a" }\n'


def read(tmp_path: Path, *rows: str, head: str = HEAD) -> Scenario:
    path = tmp_path / "mine.toml"
    path.write_text(head + "".join(f"[[expect]]\n{row}" for row in rows), encoding="utf-8")
    return read_scenario(path, root=tmp_path)


def expected(tmp_path: Path, row: str) -> recorded.Expected:
    return read(tmp_path, ROW + row).expect[0].in_journal.expects


def test_a_scenario_with_a_sentence_of_its_own_needs_to_name_no_requirement(tmp_path: Path) -> None:
    scenario = read(tmp_path, ROW + TOLD)
    assert (scenario.requires, scenario.own) == ([], ["ours-1"])
    with pytest.raises(CatalogueError, match="at least one requirement, or a sentence of your own"):
        read(tmp_path)


def test_a_scenario_of_calibration_has_none(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="neither in a scenario of calibration"):
        read(tmp_path, ROW + TOLD, head=HEAD.replace('"context"', '"calibration"'))


@pytest.mark.parametrize(
    ("row", "type_"),
    [
        (TOLD, recorded.Told),
        ('not_told = { pattern = "a+" }\n', recorded.Told),
        ('hook = { event = "Stop" }\n', HookRan),
        ('tool = { tool = "Bash", ran = true }\n', recorded.ToolCalled),
        ('file = { path = "{home}/x" }\n', FileLeft),
        ("left = {}\n", recorded.ProcessesLeft),
        ('within_ms = { event = "Stop", ms = 100 }\n', recorded.HookTook),
        ('host_warned = { text = "a" }\n', recorded.HostWarned),
    ],
)
def test_each_kind_is_a_type(tmp_path: Path, row: str, type_: type[Any]) -> None:
    found = expected(tmp_path, row)
    assert type(found) is type_
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.kind = "another"  # type: ignore[misc,assignment]


def test_every_kind_that_the_journal_has_can_be_written() -> None:
    """Nothing is judged that no scenario can say, and the other way round."""
    rows = {
        **{kind: {"text": "a"} for kind in ("told", "not_told", "host_warned")},
        "hook": {"event": "Stop"},
        "tool": {"tool": "Bash", "ran": True},
        "file": {"path": "{home}/x"},
        "left": {},
        "within_ms": {"event": "Stop", "ms": 1},
    }
    made = {
        type(Expect.model_validate({"id": "a", "must": "b", kind: row}).in_journal.expects)
        for kind, row in rows.items()
    }
    assert set(rows) == {name for name in Expect.model_fields if name not in {"id", "must", "must_not", "should"}}
    assert made == set(recorded.Expected.__args__)


@pytest.mark.parametrize(("keyword", "said"), [("must", "MUST"), ("must_not", "MUST NOT"), ("should", "SHOULD")])
def test_the_keyword_and_the_sentence_are_kept(tmp_path: Path, keyword: str, said: str) -> None:
    own = read(tmp_path, f'id = "ours-1"\n{keyword} = "It is so."\n{TOLD}').expect[0].in_journal
    assert (own.id, own.keyword, own.sentence) == ("ours-1", said, "It is so.")


@pytest.mark.parametrize(
    ("count", "times"),
    [
        ("", Times(least=1)),
        ("times = 0", Times(least=0, most=0)),
        ("times = 3", Times(least=3, most=3)),
        ("at_least = 2", Times(least=2)),
        ("at_most = 2", Times(least=0, most=2)),
        ("at_least = 1, at_most = 2", Times(least=1, most=2)),
    ],
)
def test_how_often(tmp_path: Path, count: str, times: Times) -> None:
    row = f'hook = {{ event = "Stop"{", " if count else ""}{count} }}\n'
    found = expected(tmp_path, row)
    assert isinstance(found, HookRan)
    assert found.times == times


def test_words_and_values_may_be_short(tmp_path: Path) -> None:
    file = expected(tmp_path, 'file = { path = "{data}/*/x", has = "a", lacks = ["b", { pattern = "c+" }] }\n')
    assert file == FileLeft(
        kind="file",
        path="{data}/*/x",
        exists=True,
        has=[Wording(text="a")],
        lacks=[Wording(text="b"), Wording(pattern="c+")],
    )
    row = (
        'hook = { event = "Stop", payload = { "a.b" = 1, c = true, d = { exists = false }, e = { pattern = "x" } } }\n'
    )
    hook = expected(tmp_path, row)
    assert isinstance(hook, HookRan)
    assert hook.payload == [
        Held(path="a.b", equals=1),
        Held(path="c", equals=True),
        Held(path="d", there=False),
        Held(path="e", pattern="x"),
    ]


MISTAKES = [
    (TOLD.replace("told", "tolld"), "expect[1].tolld: unknown key; did you mean 'told'?"),
    ('told = { text = "a", tims = 1 }\n', "expect[1].told.tims: unknown key; did you mean 'times'?"),
    (
        'file = { path = "{home}/x", has = [{ patern = "a" }] }\n',
        "expect[1].file.has[1].patern: unknown key; did you mean",
    ),
    ("", "expect[1]: expected exactly one of `told`, `not_told`, `hook`, "),
    (TOLD + "left = {}\n", "`host_warned`; found 'told' and 'left'"),
    (TOLD + 'should = "x"\n', "expected exactly one of `must`, `must_not`, `should`; found 'must' and 'should'"),
    ("told = {}\n", "expect[1].told: expected exactly one of `text` and `pattern`"),
    ('told = { text = "a", pattern = "b" }\n', "expected exactly one of `text` and `pattern`"),
    ('told = { text = "" }\n', "expect[1].told.text"),
    ('told = { pattern = "(" }\n', "expect[1].told.pattern: not a regular expression: "),
    (
        'told = { text = "a", agent = "who" }\n',
        "expect[1].told.agent: there is no agent 'who'; those of the scenario: main",
    ),
    ('hook = { event = "Stop", agent = "who" }\n', "expect[1].hook.agent: there is no agent 'who'"),
    ('told = { text = "a", session = 1, turn = 2 }\n', "expected `session` or `turn`, not both"),
    ('told = { text = "a", turn = 0 }\n', "expect[1].told.turn"),
    ('told = { text = "a", times = 1, at_most = 2 }\n', "expected `times`, or `at_least` and `at_most`"),
    ('told = { text = "a", at_least = 3, at_most = 2 }\n', "expected no more `at_least` than `at_most`"),
    ('told = { text = "a", at_least = 0 }\n', "at_least = 0 holds whatever happens"),
    ('not_told = { text = "a", times = 1 }\n', "expect[1].not_told.times: unknown key"),
    ('hook = { tool = "Bash" }\n', "expect[1].hook.event: Field required"),
    ('hook = { event = "PreToolUse", decision = "block" }\n', "a refusal of PreToolUse is called 'deny'"),
    ('hook = { event = "Stop", decision = "deny" }\n', "a refusal of Stop is called 'block'"),
    (
        'hook = { event = "Stop", payload = { a = {} } }\n',
        "expect[1].hook.payload.a: expected exactly one of `equals`, ",
    ),
    ('hook = { event = "Stop", payload = { a = [1] } }\n', "expect[1].hook.payload.a.equals"),
    ('tool = { tool = "Bash" }\n', "expect[1].tool: expected `ran`, `denied`, `result` or `result_lacks`"),
    ('file = { path = "/etc/passwd" }\n', "expect[1].file.path: expected a path below {project}, {home} or {data}"),
    ('file = { path = "{home}/../x" }\n', "expected a path below"),
    ('file = { path = "{home}" }\n', "expected a path below"),
    ('file = { path = "{tmp}/x" }\n', "expected a path below"),
    ('file = { path = "{home}/a//b" }\n', "expected a path below"),
    ('file = { path = "{home}/**/x" }\n', "expected `*` for one name on a path"),
    ('file = { path = "{home}/x", exists = false, has = "a" }\n', "a file that must not exist holds nothing"),
    ('within_ms = { event = "Stop" }\n', "expect[1].within_ms.ms: Field required"),
    ('within_ms = { event = "Stop", ms = 0 }\n', "expect[1].within_ms.ms"),
    ('host_warned = { text = "a", times = 2 }\n', "expect[1].host_warned.times: unknown key"),
]


@pytest.mark.parametrize(("row", "message"), MISTAKES)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        read(tmp_path, ROW + row)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path / 'mine.toml'}: ")


@pytest.mark.parametrize("name", ["JOB-33", "HOOK-1", "C1", "H12"])
def test_an_id_must_not_look_like_one_that_is_shipped(tmp_path: Path, name: str) -> None:
    with pytest.raises(CatalogueError, match="looks like the id of a requirement that hookproof ships"):
        read(tmp_path, ROW.replace("ours-1", name) + TOLD)


@pytest.mark.parametrize("name", ["", "Ours", "ours 1", "ours:1", "-ours", "1-ours"])
def test_an_id_is_one_word(tmp_path: Path, name: str) -> None:
    with pytest.raises(CatalogueError, match="expected small letters and digits"):
        read(tmp_path, ROW.replace("ours-1", name) + TOLD)


def test_two_sentences_of_a_scenario_have_two_ids(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"expect\[2\].id: there is another 'ours-1'"):
        read(tmp_path, ROW + TOLD, ROW + "left = {}\n")


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError) as caught:
        read(tmp_path, ROW + 'told = { txt = "a" }\n', ROW + 'file = { path = "x" }\n')
    assert len(caught.value.mistakes) == 2


def test_a_case_about_time_runs_alone(tmp_path: Path) -> None:
    assert read(tmp_path, ROW + 'within_ms = { event = "Stop", ms = 100 }\n').plays_alone
    assert not read(tmp_path, ROW + TOLD).plays_alone


def test_what_is_wrong_with_files_is_told_as_far_as_they_were_read() -> None:
    path = "{home}/*"
    whole = FoundFile(path="{home}/a", text="one", bytes=3)
    cut = FoundFile(path="{home}/b", text="two", bytes=9, shortened=True)
    wants = FileLeft(kind="file", path=path, exists=True, has=[Wording(text="three")], lacks=[])
    misfit = wants.misfit(LeftFile(path=path, found=[whole, cut]))
    assert misfit is not None
    assert (misfit.outcome, misfit.cut) == ("lacks it", cut)
    lacks = dataclasses.replace(wants, has=[], lacks=[Wording(text="one")])
    found = lacks.misfit(LeftFile(path=path, found=[cut, whole]))
    assert found is not None
    assert (found.outcome, found.cut) == ("has it", None)
    assert (
        dataclasses.replace(lacks, has=[Wording(text="two")], lacks=[]).misfit(LeftFile(path=path, found=[cut])) is None
    )


def test_a_row_that_was_read_does_not_change() -> None:
    told = Told(text="a")
    with pytest.raises(ValueError, match="frozen"):
        told.agent = "other"
    assert Hook(event="Stop") == Hook(event="Stop")
