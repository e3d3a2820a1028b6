"""The sentences of steps: each is read into its class and said by it again, and a misspelt one is refused with help."""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookproof import places
from hookproof.catalogue import condition, fault, step
from hookproof.catalogue.condition import CONDITIONS
from hookproof.catalogue.fault import FAULTS, Fault
from hookproof.catalogue.reading import CatalogueError
from hookproof.catalogue.scenario import calibration_files, read_scenario, scenario_files
from hookproof.catalogue.sentence import Action, Sentence, kind_of, meaning, parse
from hookproof.catalogue.step import ACTIONS, Then

ALL: tuple[type[Sentence], ...] = (*CONDITIONS, *ACTIONS)
FILES = [*scenario_files(), *calibration_files("claude"), *calibration_files("codex")]

# What a scenario may say, written down a second time: of each class, without the names that may be left out and with.
SAID: dict[str, Sentence] = {
    "job started": condition.JobStarted(),
    "job review started": condition.JobStarted("review"),
    "job ended": condition.JobEnded(),
    "job review ended": condition.JobEnded("review"),
    "job queued": condition.JobQueued(),
    "job review queued": condition.JobQueued("review"),
    "job cancelled": condition.JobCancelled(),
    "job review cancelled": condition.JobCancelled("review"),
    "subagent ended": condition.SubagentEnded(),
    "subagent codex:codex-rescue#2 ended": condition.SubagentEnded("codex:codex-rescue#2"),
    "shell ended": condition.ShellEnded(),
    "turn ended": condition.TurnEnded(),
    "turn of second ended": condition.TurnEnded("second"),
    "turn reported": condition.TurnReported(),
    "turn of second reported": condition.TurnReported("second"),
    "session started": condition.SessionStarted(),
    "session second started": condition.SessionStarted("second"),
    "session cleared": condition.SessionCleared(),
    "session second cleared": condition.SessionCleared("second"),
    "session compacted": condition.SessionCompacted(),
    "session second compacted": condition.SessionCompacted("second"),
    "session resumed": condition.SessionResumed(),
    "session second resumed": condition.SessionResumed("second"),
    "session ended": condition.SessionEnded(),
    "session second ended": condition.SessionEnded("second"),
    "look": step.Snapshot(),
    "release job": step.ReleaseJob(),
    "release job review": step.ReleaseJob("review"),
    "release shell": step.ReleaseShell(),
    "fetch result": step.FetchResult(),
    "fetch result review": step.FetchResult("review"),
    "start session second": step.StartSession("second"),
    "end session": step.EndSession(),
    "end session second": step.EndSession("second"),
    "end sessions": step.EndSessions(),
    "fork session second": step.ForkSession("second"),
    "clear session": step.ClearSession(),
    "compact session": step.CompactSession(),
    "resume session": step.ResumeSession(),
    "close terminal": step.CloseTerminal(),
    "kill host": step.KillHost(),
    "kill host of second": step.KillHost("second"),
    "settled": condition.Settled(),
    "cancel job": fault.CancelJob(),
    "cancel job review": fault.CancelJob("review"),
    "queue job later": fault.QueueJob("later"),
    "wake job later": fault.WakeJob("later"),
    "end worker of job": fault.KillWorker(),
    "end worker of job review": fault.KillWorker("review"),
    "reuse pid of job": fault.ReusePid(),
    "reuse pid of job review": fault.ReusePid("review"),
    "end codex of job": fault.KillCodex(),
    "end codex of job review": fault.KillCodex("review"),
    "end shell of job": fault.KillShell(),
    "end shell of job review": fault.KillShell("review"),
    "freeze server": fault.FreezeServer(),
    "thaw server": fault.ThawServer(),
    "plant foreign pid in job": fault.PlantPidInJob(),
    "plant foreign pid in job review": fault.PlantPidInJob("review"),
    "plant foreign pid in server": fault.PlantPidInServer(),
    "tear state": fault.TearState(),
    "fill list": fault.FillList(),
    "age job": fault.AgeJob(),
    "age job review": fault.AgeJob("review"),
    "kill next SessionEnd hook": fault.KillHook(),
    "kill next SessionEnd hook once a process dies": fault.KillHookMidway(),
    "hold next SessionEnd hook": fault.HoldHook(),
    "hold next SessionEnd hook after record 2": fault.HoldHook("2"),
    "delete project": fault.DeleteProject(),
    "repeat SessionStart": fault.RepeatSessionStart(),
}


@pytest.mark.parametrize("text", SAID)
def test_a_sentence_is_read_into_its_class_and_said_again(text: str) -> None:
    said = SAID[text]
    assert parse(text, ALL) == said
    assert str(said) == text
    assert kind_of(text, ALL) is type(said)


def test_every_class_is_among_what_can_be_said() -> None:
    assert {type(said) for said in SAID.values()} == set(ALL)
    assert {said for said in SAID.values() if isinstance(said, Fault)} >= {each for each in map(_bare, FAULTS) if each}


def _bare(kind: type[Sentence]) -> Sentence | None:
    """One of the class without names, where it may be without."""
    try:
        return kind()
    except TypeError:
        return None


@pytest.mark.parametrize("module", [condition, step, fault], ids=lambda module: module.__name__)
def test_no_class_is_declared_that_no_sentence_is_read_into(module: ModuleType) -> None:
    declared = {
        each
        for each in vars(module).values()
        if inspect.isclass(each) and issubclass(each, Sentence) and each.__module__ == module.__name__
    }
    assert {each for each in declared if "form" in vars(each)} == declared & set(ALL)


@pytest.mark.parametrize("said", SAID.values(), ids=str)
def test_what_was_read_does_not_change_and_is_no_other_class(said: Sentence) -> None:
    for name, value in said.names():
        with pytest.raises(AttributeError):
            setattr(said, name, value)
    assert [each for each in SAID.values() if each == said] == [said]


def test_each_class_says_what_it_means_and_no_two_have_a_form() -> None:
    assert len({each.form for each in ALL}) == len(ALL)
    for each in ALL:
        assert meaning(each).endswith(".")
        assert "__doc__" in vars(each)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(places.SCENARIOS).as_posix())
def test_what_a_scenario_says_is_what_its_steps_say(path: Path) -> None:
    written = tomllib.loads(path.read_text(encoding="utf-8")).get("then", [])
    steps = read_scenario(path).then
    assert [each.when for each in steps] == [parse(row["when"], CONDITIONS) for row in written]
    assert [str(each.when) for each in steps] == [row["when"] for row in written]
    assert [each.do and str(each.do) for each in steps] == [row.get("do") for row in written]


# the grammar, by hypothesis


@st.composite
def sentences(draw: st.DrawFn) -> tuple[type[Sentence], str]:
    """A class, and a sentence of its form, with names as odd as they may be: words of the form, too."""
    kind = draw(st.sampled_from(ALL))
    text = kind.form
    for optional in re.findall(r" \[[^]]+\]", kind.form):
        text = text.replace(optional, optional.replace("[", "").replace("]", "") if draw(st.booleans()) else "")
    odd = st.sampled_from(["job", "ended", "server", "JOB", "of", "main", "session"])
    for capital, pattern in (("JOB", r"[\w-]+"), ("SESSION", r"[\w-]+"), ("AGENT", r"[\w:#.-]+")):
        name = draw(odd | st.from_regex(pattern, fullmatch=True))
        text = " ".join(name if word == capital else word for word in text.split(" "))
    return kind, text


@given(sentences())
def test_whatever_is_said_by_the_grammar_is_read_and_said_again(drawn: tuple[type[Sentence], str]) -> None:
    kind, text = drawn
    said = parse(text, ALL)
    assert str(said) == text
    assert type(said) is kind
    assert parse(str(said), ALL) == said


@given(st.text() | st.lists(st.sampled_from(" ".join(SAID).split())).map(" ".join))
def test_whatever_else_is_said_is_refused(text: str) -> None:
    try:
        said = str(parse(text, ALL))
    except ValueError as error:
        said = str(error)
    assert said == text or said.startswith("expected one of: job [JOB] started, job [JOB] ended, ")


# what is misspelt


def _misspelt(kind: type[Sentence]) -> Iterator[str]:
    """The form with one letter of it left out, wherever. Not the one plural without its s, which is a form itself."""
    plain = re.sub(r" \[[^]]+\]", "", kind.form)
    for index, letter in enumerate(plain):
        missing = plain[:index] + plain[index + 1 :]
        if letter.islower() and missing != "end session":
            yield missing


@pytest.mark.parametrize("among", [CONDITIONS, ACTIONS], ids=["when", "do"])
def test_a_misspelt_sentence_is_refused_with_the_one_that_was_meant(among: tuple[type[Sentence], ...]) -> None:
    for kind in among:
        for text in _misspelt(kind):
            with pytest.raises(ValueError, match=r"^expected one of: ") as caught:
                parse(text, among)
            listed, _, nearest = str(caught.value).partition("; the nearest is ")
            assert listed == f"expected one of: {', '.join(each.form for each in among)}"
            assert nearest == repr(kind.form), text


SCENARIO = """
title = "A title"
source = "somewhere"
kind = "companion"
host = "claude"
requires = ["JOB-01"]
user = "Do it."
[jobs.review]
[[model.main]]
text = "Done."
[[then]]
when = "turn ended"
do = "look"
[[then]]
when = "{when}"
do = "{do}"
"""


@pytest.mark.parametrize(
    ("when", "do", "where", "nearest"),
    [
        ("job review startet", "look", "then[2].when", "job [JOB] started"),
        ("turn  ended", "look", "then[2].when", "turn [of AGENT] ended"),
        ("turn ended", "relase job review", "then[2].do", "release job [JOB]"),
        ("turn ended", "Look", "then[2].do", "look"),
        ("turn ended", "start session", "then[2].do", "start session SESSION"),
        ("turn ended", "queue job", "then[2].do", "queue job JOB"),
        ("turn ended", "kill next Stop hook", "then[2].do", "kill next SessionEnd hook"),
    ],
)
def test_the_mistake_says_what_was_read_where_and_what_there_is(
    tmp_path: Path, when: str, do: str, where: str, nearest: str
) -> None:
    path = tmp_path / "case.toml"
    path.write_text(SCENARIO.format(when=when, do=do), encoding="utf-8")
    with pytest.raises(CatalogueError) as caught:
        read_scenario(path)
    found = when if where.endswith("when") else do
    (mistake,) = caught.value.mistakes
    assert mistake.startswith(f"{where}: expected one of: ")
    assert mistake.endswith(f"; the nearest is {nearest!r}, found {found!r}")
    assert str(caught.value).startswith(f"{path}: ")


def test_both_sentences_of_a_step_are_told_and_what_is_like_nothing_has_no_nearest() -> None:
    with pytest.raises(ValueError, match="2 validation errors for Then") as caught:
        Then.model_validate({"when": "¿?", "do": 3})
    assert "the nearest" not in str(caught.value)
    assert "expected a sentence" in str(caught.value)


@pytest.mark.parametrize(
    ("done", "mistake"),
    [
        ("fork session agent", r"then\[1\] names the session 'agent': add \[sessions.agent\]"),
        ("fork session none", r"then\[1\] names 'none', which this scenario does not define"),
        ("end worker of job none", r"then\[1\] names 'none', which this scenario does not define"),
    ],
)
def test_what_a_step_names_must_be_there(tmp_path: Path, done: str, mistake: str) -> None:
    path = tmp_path / "case.toml"
    text = SCENARIO.replace("look", done, 1).format(when="job ended", do="look")
    path.write_text(text.replace("[[model.main]]", '[[model.agent]]\ntext = "x"\n[[model.main]]'), encoding="utf-8")
    with pytest.raises(CatalogueError, match=mistake):
        read_scenario(path)


def test_an_action_is_about_jobs_or_not() -> None:
    without = {each.form for each in ALL if not each.about_jobs}
    assert {form for form in without if "job" in form or "JOB" in form} == set()
    assert {each.form for each in ACTIONS if issubclass(each, Action) and each.takes_a_job} == {
        "release job [JOB]",
        "release shell",
        "fetch result [JOB]",
        "cancel job [JOB]",
        "queue job JOB",
        "wake job JOB",
        "end worker of job [JOB]",
        "reuse pid of job [JOB]",
        "end codex of job [JOB]",
        "end shell of job [JOB]",
        "plant foreign pid in job [JOB]",
        "plant foreign pid in server",
        "tear state",
        "fill list",
        "age job [JOB]",
    }
