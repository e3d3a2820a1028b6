"""Faults: what a scenario may have done to jobs, and why it is left out where there are no means for it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hookproof.catalogue.descriptor import Companion
from hookproof.catalogue.fault import FAULTS, AnyFault, Fault
from hookproof.catalogue.lifecycle import resolve_lifecycle
from hookproof.catalogue.plugin import Plugin, descriptors, resolve_plugin
from hookproof.catalogue.scenario import Scenario, read_scenario, scenario_files
from hookproof.catalogue.sentence import parse
from hookproof.isolation import entry, pids
from hookproof.isolation.level import Isolation
from hookproof.suite.matrix import left_out, matrix, why_not

SCENARIOS = [read_scenario(path) for path in scenario_files()]
FULL = Isolation("full", "network namespace")
DONE = sorted({step.do for each in SCENARIOS for step in each.then if isinstance(step.do, Fault)}, key=str)


def reference() -> Companion:
    descriptor = resolve_plugin("reference").descriptor
    assert isinstance(descriptor, Companion)
    return descriptor


def test_every_fault_is_injected_by_a_scenario() -> None:
    assert {type(fault) for fault in DONE} == set(FAULTS)


@pytest.fixture
def chosen_pids(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where hookproof chooses process ids."""
    monkeypatch.setattr(pids, "why_not", lambda _isolation: None)


@pytest.mark.skipif(sys.platform == "win32", reason="some faults take what only POSIX has")
@pytest.mark.parametrize("fault", DONE, ids=str)
@pytest.mark.usefixtures("chosen_pids")
def test_to_the_reference_everything_can_be_done(fault: Fault) -> None:
    assert fault.why_not(reference(), FULL) is None


@pytest.mark.parametrize(
    ("here", "reason"),
    [
        (
            Isolation("none", "none", refused="only Linux has namespaces"),
            "here it is `none`: only Linux has namespaces",
        ),
        (Isolation("without-pids", "network namespace"), "here it is `without-pids`"),
    ],
)
def test_where_no_pid_can_be_chosen_what_takes_it_is_left_out(
    here: Isolation, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry, "_current", here)
    plugin, lifecycle = resolve_plugin("reference"), resolve_lifecycle("claude-2.1.91")
    left = {left.scenario: left.reason for left in left_out(SCENARIOS, plugin, [lifecycle])}
    assert {name for name, why in left.items() if "a process id that is chosen" in why} == {
        "jobs/reused-pid-cancelled",
        "jobs/reused-pid-session-ends",
    }
    assert left["jobs/reused-pid-cancelled"].endswith(reason)


@pytest.mark.parametrize(("offered", "reason"), [(True, None), (False, "this kernel does not offer")])
def test_a_kernel_must_let_pids_be_chosen(
    offered: bool, reason: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pids, "_LAST", tmp_path / "ns_last_pid")
    if offered:
        (tmp_path / "ns_last_pid").touch()
    why = FAULTS_BY_TEXT["reuse pid of job"].why_not(reference(), FULL)
    assert (why is None) is (reason is None)
    assert reason is None or reason in str(why)


@pytest.mark.parametrize(("system", "played"), [("linux", True), ("darwin", False), ("win32", False)])
def test_only_linux_has_a_host_that_adopts_orphans(system: str, played: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", system)
    one = next(each for each in SCENARIOS if each.claude.adopts_orphans)
    why = why_not(one, reference(), resolve_lifecycle("claude-2.1.91"), real=False)
    assert why == (None if played else "its host adopts orphans, and only Linux lets a program do that")


@pytest.mark.parametrize("text", ["look", "release job", "cancel", "freeze", "queue job", "end host of job"])
def test_what_is_no_fault(text: str) -> None:
    with pytest.raises(ValueError, match="expected one of: cancel job"):
        parse(text, FAULTS)


def without(**changes: object) -> Plugin:
    """The reference, as a descriptor tells of it that has less to tell."""
    plugin = resolve_plugin("reference")
    descriptor = reference()
    commands = descriptor.commands.model_copy(update={k: v for k, v in changes.items() if k in {"cancel", "work"}})
    facts = {"remembers", "newer", "server_file"}
    state = descriptor.state.model_copy(update={k: v for k, v in changes.items() if k in facts})
    poorer = descriptor.model_copy(update={"commands": commands, "state": state})
    return Plugin(plugin.name, plugin.root, poorer, plugin.policy, plugin.version)


@pytest.mark.parametrize(
    ("change", "scenario", "reason"),
    [
        ({"cancel": None}, "jobs/cancel", "`cancel job` takes a command that the descriptor does not give: "),
        ({"work": None}, "jobs/cancel-queued", "commands.work"),
        ({"remembers": None}, "jobs/list-full", "`fill list` takes what the descriptor does not say: state.remembers"),
        ({"server_file": None}, "jobs/silent-server", "state.server_file"),
        ({"newer": []}, "jobs/earlier-version", "state.newer"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="some faults take what only POSIX has")
def test_a_descriptor_that_does_not_say_how_leaves_the_scenario_out(
    change: dict[str, object], scenario: str, reason: str
) -> None:
    plugin, lifecycle = without(**change), resolve_lifecycle("claude-2.1.91")
    cases = matrix(SCENARIOS, [plugin], [lifecycle])
    assert scenario not in {case.scenario.id for case in cases}
    (left,) = [left for left in left_out(SCENARIOS, plugin, [lifecycle]) if left.scenario == scenario]
    assert reason in left.reason


CHANGES = "changes of the plugin's state"
NEEDS = {
    "cancel job": {"cancel"},
    "queue job later": {"work", "signals that stop a process"},
    "wake job later": {"work", "signals that stop a process"},
    "end worker of job": set(),
    "reuse pid of job": {"a process id that is chosen"},
    "end codex of job": set(),
    "end shell of job": {"process groups"},
    "freeze server": {"server_file", "signals that stop a process"},
    "thaw server": {"server_file", "signals that stop a process"},
    "plant foreign pid in job": set(),
    "plant foreign pid in server": set(),
    "tear state": set(),
    "fill list": {"remembers"},
    "age job": {"newer"},
    "kill next SessionEnd hook": set(),
    "kill next SessionEnd hook once a process dies": set(),
    "hold next SessionEnd hook after record 1": {"signals that stop a process", CHANGES},
    "delete project": {"directories that can be removed while they are in use"},
    "repeat SessionStart": set(),
}
"""What each takes: of the descriptor, and of the system."""
GIVEN: dict[str, object] = {"cancel": None, "work": None, "server_file": None, "remembers": None, "newer": []}
FAULTS_BY_TEXT: dict[str, AnyFault] = {text: parse(text, FAULTS) for text in NEEDS}


def test_each_fault_says_what_it_needs() -> None:
    assert {type(fault) for fault in FAULTS_BY_TEXT.values()} == set(FAULTS)


@pytest.mark.parametrize("text", NEEDS)
@pytest.mark.parametrize("gone", GIVEN)
@pytest.mark.usefixtures("chosen_pids")
def test_a_fault_is_left_out_exactly_where_the_descriptor_lacks_what_it_needs(
    text: str, gone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    descriptor = without(**{gone: GIVEN[gone]}).descriptor
    assert isinstance(descriptor, Companion)
    reason = FAULTS_BY_TEXT[text].why_not(descriptor, FULL)
    where = f"commands.{gone}" if gone in {"cancel", "work"} else f"state.{gone}"
    assert (reason is not None) == (gone in NEEDS[text])
    assert reason is None or (reason.startswith(f"`{text}` takes ") and reason.endswith(f": {where}"))


@pytest.mark.parametrize("text", NEEDS)
@pytest.mark.usefixtures("chosen_pids")
def test_what_windows_does_not_have_is_said(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    missing = NEEDS[text] - GIVEN.keys() - {"a process id that is chosen"}
    why = FAULTS_BY_TEXT[text].why_not(reference(), FULL)
    assert (why is None) is (not missing)
    lacks = "which only Linux tells of at once" if CHANGES in missing else "which Windows does not have"
    assert why is None or why in {f"`{text}` takes {each}, {lacks}" for each in missing}


@pytest.mark.parametrize(
    ("scenario", "lifecycle", "played"),
    [
        ("jobs/launches-at-once", "claude-2.1.91-windows", False),
        ("jobs/without-hook-environment", "claude-2.1.91", False),
        ("jobs/without-hook-environment", "claude-2.1.91-windows", True),
        ("jobs/worker-dies", "claude-2.1.91", True),
    ],
)
def test_on_windows_a_command_for_another_shell_is_left_out(
    scenario: str, lifecycle: str, played: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    one = next(each for each in SCENARIOS if each.id == scenario)
    assert (why_not(one, reference(), resolve_lifecycle(lifecycle), real=False) is None) is played


def test_a_companion_without_any_of_it_is_still_described() -> None:
    assert all(isinstance(each, Companion) or each.kind in {"context", "hooks"} for each in descriptors())


def scenario(*done: str, jobs: tuple[str, ...] = ()) -> Scenario:
    """A scenario that does all of it after the turn."""
    return Scenario.model_validate(
        {
            "title": "t",
            "source": "s",
            "host": "claude",
            "kind": "companion",
            "user": "u",
            "requires": ["JOB-22"],
            "model": {"main": [{"text": "x"}]},
            "jobs": {job: {} for job in jobs},
            "then": [{"when": "turn ended", "do": each} for each in done],
        }
    )


def test_a_fault_without_jobs_is_a_mistake_of_the_scenario() -> None:
    with pytest.raises(ValueError, match="a step is about a job"):
        scenario("tear state")


@pytest.mark.parametrize("done", [["wake job later"], ["wake job later", "queue job later"], ["queue job review"]])
def test_only_a_job_that_was_queued_can_be_woken(done: list[str]) -> None:
    with pytest.raises(ValueError, match="wakes the job 'later', which is not asleep: put a `queue job later` before"):
        scenario(*done, "wake job later", jobs=("review", "later"))
    assert scenario("queue job later", "wake job later", jobs=("review", "later")).then
