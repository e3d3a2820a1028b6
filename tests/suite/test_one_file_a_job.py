"""A companion of another shape is judged as it deserves: one file a job, ids in files' names, two words for a status.

The plugin is `tests/one_file_a_job`; a file of its copy names the ways in which it is wrong.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from hookproof import journal as journals
from hookproof import processes
from hookproof.catalogue.lifecycle import resolve_lifecycle
from hookproof.catalogue.plugin import resolve_plugin
from hookproof.catalogue.scenario import read_scenario, scenario_files
from hookproof.judge.verdict import Verdict
from hookproof.play import PlayOptions
from hookproof.records.jobs import JobQueued
from hookproof.records.run import ShellBared
from hookproof.report.results import Result
from hookproof.suite.cases import run_case
from hookproof.suite.judging import Judges
from hookproof.suite.matrix import matrix

HERE = Path(__file__).resolve().parent.parent / "one_file_a_job"
JUDGES = Judges.read()
LIFECYCLE = resolve_lifecycle("claude-2.1.91")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the plugin reads /proc")

RIGHT = (
    *("cancel", "cancel-queued", "foreign-pid-cancelled", "list-full", "torn-state", "worker-dies"),
    *("another-session-ends", "exit-while-running", "launches-at-once", "earlier-version", "without-hook-environment"),
)
WRONG = {
    ("cancel", "marks-only"): {"JOB-13"},
    ("foreign-pid-cancelled", "trusts-pids"): {"JOB-14"},
    ("list-full", "cap-drops-active"): {"JOB-19"},
    ("worker-dies", "hopeful"): {"JOB-09", "JOB-17"},
    ("another-session-ends", "ends-all"): {"JOB-05", "JOB-04"},
    ("exit-while-running", "ends-all"): {"JOB-06", "JOB-04"},
    ("without-hook-environment", "two-roots"): {"JOB-16"},
}


def played(scenario: str, folder: Path, wrong: str = "", descriptor: str = "") -> Result:
    """The case of a scenario on the plugin, which is wrong in a way."""
    processes.become_subreaper()
    root = folder / "plugin"
    shutil.copytree(HERE / "plugin", root)
    (root / "scripts" / "wrong").write_text(wrong)
    file = folder / "descriptor.toml"
    file.write_text(descriptor or (HERE / "descriptor.toml").read_text())
    plugin = resolve_plugin(str(root), descriptor_file=file)
    chosen = [read_scenario(path) for path in scenario_files() if path.stem == scenario]
    (case,) = matrix(chosen, [plugin], [LIFECYCLE], requirements=JUDGES.requirements)
    options = PlayOptions(main_launches={(plugin.name, LIFECYCLE.name): "started"})
    (folder / "run").mkdir()
    return run_case(case, folder / "run", options, JUDGES)


def violated(result: Result) -> set[str]:
    return {check.id for check in result.checks if check.verdict is Verdict.VIOLATES}


@pytest.mark.parametrize("scenario", RIGHT)
def test_the_right_one_conforms(scenario: str, tmp_path: Path) -> None:
    result = played(scenario, tmp_path)
    assert result.verdict is Verdict.CONFORMS, result.model_dump_json(indent=1)


@pytest.mark.parametrize(("scenario", "wrong"), WRONG)
def test_a_wrong_one_violates(scenario: str, wrong: str, tmp_path: Path) -> None:
    result = played(scenario, tmp_path, wrong)
    assert violated(result) == WRONG[scenario, wrong], result.model_dump_json(indent=1)


def test_a_queued_job_points_at_no_process_of_the_running_one(tmp_path: Path) -> None:
    """Else this plugin's cancel would end the running job by its guard, and rightly so."""
    result = played("cancel-queued", tmp_path)
    (queued,) = [each for each in journals.read(Path(result.journal)) if isinstance(each, JobQueued)]
    assert queued.dropped == ["guard"]
    assert result.verdict is Verdict.CONFORMS


def test_a_word_that_the_descriptor_has_no_meaning_for_is_unknown(tmp_path: Path) -> None:
    text = (HERE / "descriptor.toml").read_text().replace('["waiting", "working"]', '["waiting"]')
    result = played("list-full", tmp_path, descriptor=text)
    assert result.verdict is Verdict.UNKNOWN
    assert "says 'working', which the plugin's descriptor has no meaning for" in result.model_dump_json()


@pytest.mark.parametrize("scenario", ["cancel", "without-hook-environment"])
def test_state_in_a_root_that_no_glob_names_is_unknown(scenario: str, tmp_path: Path) -> None:
    text = (HERE / "descriptor.toml").read_text().replace("{home}/.jotter/*", "{home}/.somewhere/*")
    result = played(scenario, tmp_path, descriptor=text)
    assert result.verdict is Verdict.UNKNOWN
    assert violated(result) == set()
    assert "looked in {home}/.somewhere/*" in result.model_dump_json()


def test_a_job_that_failed_before_it_asked_its_model_is_told_with_its_reason(tmp_path: Path) -> None:
    result = played("cancel", tmp_path, "no-cli")
    assert result.verdict is Verdict.UNKNOWN
    assert violated(result) == set()
    assert "its row says 'failed': the CLI of the worker is not installed" in " ".join(result.errors)


def test_the_shell_of_no_session_tells_what_it_kept_and_what_the_descriptor_does_not_name(tmp_path: Path) -> None:
    result = played("without-hook-environment", tmp_path)
    (bared,) = [each for each in journals.read(Path(result.journal)) if isinstance(each, ShellBared)]
    assert (bared.dropped, bared.unknown) == (["JOTTER_SESSION", "JOTTER_STATE"], ["JOTTER_STATE"])
    (check,) = [each for each in result.checks if each.id == "JOB-16"]
    assert (
        "did not see JOTTER_SESSION, JOTTER_STATE (not named by the plugin's descriptor: JOTTER_STATE)" in check.detail
    )
