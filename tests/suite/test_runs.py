"""A run of the suite as a whole: its JSON fits its schema, nothing is left behind, killed runs are cleared away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from hookproof import claims, processes
from hookproof import journal as journals
from hookproof.catalogue.lifecycle import resolve_lifecycle
from hookproof.catalogue.plugin import resolve_plugin
from hookproof.catalogue.requirement import read_requirements
from hookproof.catalogue.scenario import read_scenario, scenario_files
from hookproof.judge.judge import judge
from hookproof.play import Case, PlayOptions
from hookproof.records import Record
from hookproof.records.parts import Program
from hookproof.records.run import Case as CaseRecord
from hookproof.records.run import Swept
from hookproof.report.results import report, schema
from hookproof.suite.cases import run_case
from hookproof.suite.judging import Judges
from hookproof.suite.runs import new_run

SECONDS = 120
WINDOWS = {name: os.environ[name] for name in ("SystemRoot", "ComSpec", "TEMP", "PATHEXT") if name in os.environ}
SCENARIOS = {path.stem: path for path in scenario_files()}


def a_case(scenario: str, plugin: str, lifecycle: str = "as-reported-345") -> Case:
    return Case(read_scenario(SCENARIOS[scenario]), resolve_plugin(plugin), resolve_lifecycle(lifecycle))


def hookproof(*words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hookproof", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
        cwd=cwd,
        env={**private(cwd), **environment},
        encoding="utf-8",
        errors="replace",
    )


def private(home: Path) -> dict[str, str]:
    """An environment with a cache of its own, and what Windows needs to start a program at all."""
    cache = home / ".cache" / "hookproof"
    return {"PATH": os.environ["PATH"], "HOME": str(home), "HOOKPROOF_CACHE": str(cache), **WINDOWS}


def newest(home: Path) -> str:
    """The run that was played last; the link `latest` needs a privilege on Windows."""
    return str(max((home / ".cache" / "hookproof" / "runs").glob("2*")))


def test_reproduce_345_holds_and_its_json_fits_the_schema(tmp_path: Path) -> None:
    done = hookproof("reproduce", "345", "--json", "out.json", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    written = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema()).validate(written)
    cells = {(r["plugin"], r["lifecycle"]): r for r in written["results"] if r["scenario"] == "jobs/pattern-c"}
    signatures = {plugin.partition(":")[2]: r["signature"] for (plugin, lc), r in cells.items() if "+" not in lc}
    assert signatures == {
        "as-reported": "H1",
        "fix-1-refuse": None,
        "fix-2-retag": "H1",
        "fix-3-document": "H1",
        "keep-background": "H7",
        "correct": None,
    }
    assert cells[("reference:fix-2-retag", "as-reported-345+parent-id")]["signature"] == "H2"
    culprit = cells[("reference:as-reported", "as-reported-345")]["culprit"]
    assert culprit["signal"] == {"value": "SIGTERM", "how": "observed", "why": "the worker's wait status"}
    for sentence in ("Who ended the job of Pattern C", '"running": []', "What the issue claims", "(H2)"):
        assert sentence in done.stdout


def test_reproduce_345_on_a_measured_host_says_what_differs(tmp_path: Path) -> None:
    # the other policies are played there by test_policies.py and the scenario files
    words = ["--plugin", "reference:as-reported", "--lifecycle", "claude-2.1.91"]
    done = hookproof("reproduce", "345", *words, cwd=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    flat = " ".join(done.stdout.split())
    assert "claude-2.1.91: Pattern C is not killed by the subagent's end" in flat
    assert "claude-2.1.91: Pattern D loses the job without any SessionEnd" in flat
    assert "differs Pattern C loses the job" in flat


def test_a_run_can_be_judged_again_from_its_journal(tmp_path: Path) -> None:
    first = hookproof("run", "pattern-c", "--plugin", "reference:as-reported", "--json", "a.json", cwd=tmp_path)
    assert first.returncode == 0, first.stdout + first.stderr
    again = hookproof("recheck", newest(tmp_path), "--json", "b.json", cwd=tmp_path)
    assert again.returncode == 0, again.stdout + again.stderr
    one, two = (json.loads((tmp_path / name).read_text())["results"][0] for name in ("a.json", "b.json"))
    assert {**one, "journal": None} == {**two, "journal": None}


def test_an_unexpected_violation_fails_and_shows_its_evidence(tmp_path: Path) -> None:
    """A wrong plugin that claims no policy is expected to conform; the copy in a directory is such a one."""
    import shutil

    copy = tmp_path / "plugin"
    shutil.copytree(resolve_plugin("reference").root, copy)
    (copy / "policy").write_text("as-reported\n")
    done = hookproof("run", "pattern-c", "--plugin", str(copy), cwd=tmp_path)
    assert done.returncode == 1
    for sentence in ("jobs/pattern-c:JOB-03 is violated", "cause H1", "culprit: the SessionEnd hook", "journal: "):
        assert sentence in done.stdout


def renamed(first: Record) -> CaseRecord:
    """The case under other names."""
    assert isinstance(first, CaseRecord)
    other = Program(name="another", version="another")
    named = replace(first, scenario="another", title="another", plugin="another", policy="another")
    return replace(named, lifecycle="another", host=other, worker=other)


@pytest.mark.parametrize("scenario", ["pattern-a", "pattern-c", "pattern-c-root-ends-early"])
def test_names_do_not_influence_verdict_or_signature_of_a_real_run(scenario: str, tmp_path: Path) -> None:
    processes.become_subreaper()
    case = a_case(scenario, "reference:as-reported")
    result = run_case(case, tmp_path, PlayOptions(), Judges.read())
    records = journals.read(Path(result.journal))
    requirements = read_requirements()
    assert judge(records, requirements) == judge([renamed(records[0]), *records[1:]], requirements)


def test_nothing_is_left_after_a_run_not_even_after_one_that_leaves_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    processes.become_subreaper()
    made: list[claims.Claimed] = []
    make = claims.make

    def noted(prefix: str, parent: Path | None = None) -> claims.Claimed:
        made.append(make(prefix, parent))
        return made[-1]

    monkeypatch.setattr(claims, "make", noted)
    files = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0  # noqa: PTH208
    for number in range(3):
        case = a_case("pattern-a", "reference:keep-background")
        result = run_case(case, tmp_path / str(number), PlayOptions(), Judges.read())
        records = journals.read(Path(result.journal))
        (swept,) = [record for record in records if isinstance(record, Swept)]
        assert swept.ended > 0
        assert swept.left == 0
        assert processes.census(made[number].token, since=made[number].since) == []
        assert not made[number].root.exists()
    assert len(made) == 3
    if sys.platform == "linux":
        assert len(os.listdir("/proc/self/fd")) <= files + 4  # noqa: PTH208 - the lock of the claims is one


STOPPED_IN_THE_MIDDLE = """
import asyncio
from hookproof.cli import main
from hookproof.play.snapshot import Snapshots

async def take(self, step):
    print("looking", flush=True)
    await asyncio.Event().wait()

Snapshots.take = take
main(["run", "pattern-c", "-j", "1"])
"""


def test_what_a_killed_run_left_is_cleared_by_the_next(tmp_path: Path) -> None:
    started = subprocess.Popen(
        [sys.executable, "-c", STOPPED_IN_THE_MIDDLE],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=tmp_path,
        env=private(tmp_path),
    )
    assert started.stdout is not None
    assert started.stdout.readline().strip() == b"looking"
    started.kill()
    started.wait(timeout=SECONDS)
    started.stdout.close()
    (claim,) = (tmp_path / ".cache" / "hookproof" / "claims").glob("*/*.json")
    killed = json.loads(claim.read_text(encoding="utf-8"))
    assert Path(killed["root"]).exists()
    token, since = killed["token"], processes.Instant(killed["since"])
    done = hookproof("run", "pattern-a", "--runs", "elsewhere", cwd=tmp_path)  # whatever place it keeps its runs in
    assert done.returncode == 0, done.stdout + done.stderr
    assert processes.census(token, since=since) == []
    assert not Path(killed["root"]).exists()
    assert not claim.exists()


def test_only_runs_of_our_own_are_ever_removed(tmp_path: Path) -> None:
    foreign = [tmp_path / f"documents-{number}" for number in range(30)]
    foreign += [tmp_path / f"20250101-00000{number}-7" for number in range(5)]  # the name alone does not make it ours
    for folder in foreign:
        folder.mkdir()
    ours = set()
    for _ in range(25):  # a name may come again once its run is gone
        with new_run(tmp_path) as run:
            ours.add(run.path)
    assert all(folder.is_dir() for folder in foreign)
    assert sum(folder.is_dir() for folder in ours) == 20


def test_a_run_that_is_being_played_is_never_removed(tmp_path: Path) -> None:
    with new_run(tmp_path) as playing:
        for _ in range(30):
            new_run(tmp_path).close()
        assert playing.path.is_dir()
        (playing.path / "kept").touch()
    for _ in range(30):
        new_run(tmp_path).close()
    assert not (playing.path / "kept").exists(), "once it is over it goes as others do"


@pytest.mark.parametrize("place", ["file", "file/below", "/proc/hookproof"])
def test_a_place_where_no_runs_can_be_kept_is_told(place: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = hookproof("run", "pattern-a", "--runs", place, cwd=tmp_path)
    assert done.returncode == 2
    told = "is a file; expected a directory" if place == "file" else "runs cannot be kept there: "
    assert done.stderr.startswith(f"hookproof: --runs {place}: {told}")


def test_parallel_runs_do_not_touch_each_other(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "hookproof", "run", "pattern-a", "--repeat", "3", "-j", "1"]
    env = private(tmp_path)
    both = [
        subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tmp_path, env=env)
        for _ in range(2)
    ]
    for run in both:
        out, _ = run.communicate(timeout=SECONDS)
        assert run.returncode == 0, out


def test_an_empty_report_is_a_report() -> None:
    Draft202012Validator(schema()).validate(report([], seconds=0.0).model_dump(mode="json"))
