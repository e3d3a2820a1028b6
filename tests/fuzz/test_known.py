"""Inputs that once were an internal error, a hang, or quoted what they should not: each with its right end."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from clean_output import CANARY_TAG, trouble
from fuzz_call import Called, call, check
from fuzz_inputs import DEEP, EVIL, VERY_DEEP

from hookproof import places

INPUTS = Path(__file__).parent / "inputs"
COMPANION = places.REFERENCE / "companion"
MAIN = (INPUTS / "main-session.jsonl").read_text(encoding="utf-8").splitlines()
PATTERN_C = (INPUTS / "pattern-c.jsonl").read_text(encoding="utf-8").splitlines()
FILES = {"html": "o.html", "junit": "o.xml", "markdown": "o.md", "json": "o.json"}
BASELINE = '[[known]]\ncheck = "jobs/pattern-c:JOB-03"\nlifecycles = ["as-reported-345"]\nreason = "why"\n'
SECONDS = 30.0
"""A net: each of these is over in a second."""
MEMORY_KB = 3 * 1024 * 1024

pytestmark = pytest.mark.timeout(120)
linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux has these files")
unix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")


def recheck(folder: Path, lines: list[str], *, files: bool = True) -> Called:
    """Judge these lines again, and write every kind of report."""
    (folder / "journal.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    words = [f"--{kind}={folder / name}" for kind, name in FILES.items()] if files else []
    return call(["recheck", str(folder / "journal.jsonl"), *words])


def all_written(folder: Path) -> None:
    """Every report is there, and is text."""
    for name in FILES.values():
        assert (folder / name).read_bytes().decode("utf-8").strip(), name
    json.loads((folder / "o.json").read_text(encoding="utf-8"))


def first(**changes: Any) -> list[str]:
    """A journal whose first record was changed."""
    return [json.dumps(json.loads(MAIN[0]) | changes), *MAIN[1:]]


def told(called: Called, name: str) -> None:
    """Exit 2 and one sentence that names the file, in nobody's words but ours."""
    check(called, names=name)
    assert called.exit == 2, called
    assert len(called.err.splitlines()) == 1, called.err
    assert "pydantic" not in called.err
    assert len(called.err) < 1000


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    copy = tmp_path / "a-plugin"
    shutil.copytree(COMPANION, copy)
    return copy


def run(plugin: Path, *words: str, runs: Path) -> Called:
    """The plugin is taken, or told; nothing is played."""
    return call(["run", "pattern-a", "--plugin", str(plugin), "--runs", str(runs), *words])


# too deep


@pytest.mark.parametrize("depth", [DEEP, VERY_DEEP])
@pytest.mark.parametrize("brackets", ["[]", '{"a":1}'])
def test_json_that_is_too_deep_is_told(depth: int, brackets: str, plugin: Path, tmp_path: Path) -> None:
    begin, end = ("[", "]") if brackets == "[]" else ('{"a":', "}")
    deep = begin * depth + "1" + end * depth
    told(
        recheck(tmp_path, [*MAIN[:3], json.dumps({"kind": "x"})[:-1] + f', "x": {deep}}}', *MAIN[3:]]), "journal.jsonl"
    )
    (tmp_path / "r.json").write_text(deep, encoding="utf-8")
    told(call(["report", str(tmp_path / "r.json")]), "r.json")
    told(call(["compare", str(tmp_path / "r.json"), str(tmp_path / "r.json")]), "r.json")
    (plugin / ".claude-plugin" / "plugin.json").write_text(deep, encoding="utf-8")
    told(run(plugin, runs=tmp_path / "runs"), "plugin.json")


@pytest.mark.parametrize("depth", [DEEP, VERY_DEEP])
def test_toml_that_is_too_deep_is_told(depth: int, plugin: Path, tmp_path: Path) -> None:
    deep = tmp_path / "deep.toml"
    deep.write_text(f"x = {'[' * depth}{']' * depth}\n", encoding="utf-8")
    told(run(plugin, "--descriptor", str(deep), runs=tmp_path / "runs"), "deep.toml")
    told(run(plugin, "--baseline", str(deep), runs=tmp_path / "runs"), "deep.toml")
    told(call(["recheck", str(INPUTS / "main-session.jsonl"), "--baseline", str(deep)]), "deep.toml")


# halves of characters


@pytest.mark.parametrize("field", ["title", "plugin", "scenario", "platform"])
def test_half_a_character_in_a_journal_is_written_as_something_else(field: str, tmp_path: Path) -> None:
    called = recheck(tmp_path, first(**{field: "half \ud800 of one"}))
    check(called)
    assert called.exit != 2, called.err
    all_written(tmp_path)


def test_half_a_character_that_a_hook_said_is_written_as_something_else(tmp_path: Path) -> None:
    said = [line.replace('"stdout":"', '"stdout":"\\ud800') for line in PATTERN_C]
    assert said != PATTERN_C
    called = recheck(tmp_path, said)
    check(called)
    assert called.exit != 2, called.err
    all_written(tmp_path)


def test_half_a_character_in_results_is_written_as_something_else(results: dict[str, Any], tmp_path: Path) -> None:
    results = json.loads(json.dumps(results))
    results["results"][0] |= {"errors": ["\ud800"], "plugin": "a \udfff plugin"}
    (tmp_path / "r.json").write_text(json.dumps(results), encoding="utf-8")
    called = call(
        ["report", str(tmp_path / "r.json"), *(f"--{kind}={tmp_path / name}" for kind, name in FILES.items())]
    )
    check(called)
    assert called.exit != 2, called.err
    all_written(tmp_path)
    check(call(["compare", str(tmp_path / "r.json"), str(tmp_path / "r.json"), f"--json={tmp_path / 'c.json'}"]))


def test_half_a_character_in_a_manifest_harms_nobody(plugin: Path, tmp_path: Path) -> None:
    manifest = {"name": "codex", "author": {"name": "hookproof"}, "version": "\ud800"}
    (plugin / ".claude-plugin" / "plugin.json").write_text(json.dumps(manifest), encoding="utf-8")
    words = [f"--{kind}={tmp_path / name}" for kind, name in FILES.items()]
    check(run(plugin, *words, runs=tmp_path / "runs"), names="plugin.json")


# journals


@pytest.mark.parametrize(
    "changes",
    [
        {"scenario": ["x"]},
        {"repeat": None},
        {"host": {"name": "codex", "version": "fake", "more": 1}},
        {"worker": "codex"},
        {"requires": ["JOB-99"]},
        {"requires": None},
        {"title": 7},
        {"platform": None},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_header_of_other_types_is_told_in_one_sentence(changes: dict[str, Any], tmp_path: Path) -> None:
    called = recheck(tmp_path, first(**changes))
    check(called, names="journal.jsonl")
    if called.exit == 2:
        told(called, "journal.jsonl")


@pytest.mark.parametrize("value", ["x", "7", None, [1], 1.5, -1, True, 10**30, "<b>"], ids=repr)
@pytest.mark.parametrize("field", ["seq", "at", "pid", "run", "n", "session_id"])
def test_a_record_of_other_types_is_judged_or_told(field: str, value: Any, tmp_path: Path) -> None:
    """One record after the other has another value there."""
    chosen = [number for number, line in enumerate(PATTERN_C) if f'"{field}":' in line][
        :: 12 if field in {"seq", "at"} else 6
    ]
    assert chosen
    for number in chosen:
        spoiled = json.dumps(json.loads(PATTERN_C[number]) | {field: value})
        check(recheck(tmp_path, [*PATTERN_C[:number], spoiled, *PATTERN_C[number + 1 :]]), names="journal.jsonl")


@pytest.mark.parametrize("field", ["seq", "at", "kind"])
def test_a_record_without_what_every_record_has_is_judged_or_told(field: str, tmp_path: Path) -> None:
    for number in (0, 1, 5, len(PATTERN_C) // 2, len(PATTERN_C) - 1):
        record = json.loads(PATTERN_C[number])
        del record[field]
        called = recheck(tmp_path, [*PATTERN_C[:number], json.dumps(record), *PATTERN_C[number + 1 :]])
        check(called, names="journal.jsonl")
        if field == "kind":
            told(called, "journal.jsonl")


def test_a_journal_of_its_header_alone_is_unknown(tmp_path: Path) -> None:
    called = recheck(tmp_path, MAIN[:1])
    check(called)
    assert called.exit == 1
    assert "1 unknown" in called.out
    all_written(tmp_path)


@pytest.mark.parametrize("field", ["seq", "at"])
def test_what_a_journal_says_of_its_order_is_never_html(field: str, tmp_path: Path) -> None:
    evil = f'<{CANARY_TAG}><meta http-equiv=refresh content="0;url=//203.0.113.1">'
    for number in (0, 7):
        lines = [
            *PATTERN_C[:number],
            json.dumps(json.loads(PATTERN_C[number]) | {field: evil}),
            *PATTERN_C[number + 1 :],
        ]
        check(recheck(tmp_path, lines), names="journal.jsonl", pages=(tmp_path / "o.html", tmp_path / "o.md"))


def test_nothing_that_a_journal_says_is_obeyed(tmp_path: Path) -> None:
    """Every text of it is evil: a plugin says most of them."""

    def evil(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: evil(each, name) for name, each in value.items()}
        if isinstance(value, list):
            return [evil(each) for each in value]
        # what says what a record is stays, or nothing of it would be looked at
        kept = {
            "kind",
            "source",
            "session",
            "agent",
            "run",
            "scenario",
            "lifecycle",
            "requires",
            "job",
            "event",
            "ended_by",
        }
        return value + EVIL if isinstance(value, str) and key not in kept else value

    header = json.loads(PATTERN_C[0])
    lines = [json.dumps(evil(json.loads(line))) for line in PATTERN_C]
    lines[0] = json.dumps(json.loads(lines[0]) | {key: header[key] for key in ("requires", "platform")})
    called = recheck(tmp_path, lines)
    check(called, pages=(tmp_path / "o.html", tmp_path / "o.md", tmp_path / "o.xml"))
    assert called.exit == 1, called.err


# results that point elsewhere


def report_of(results: dict[str, Any], journal: Path | str, folder: Path) -> Called:
    results = json.loads(json.dumps(results))
    for each in results["results"]:
        each |= {"journal": str(journal), "expected": False, "unexpected": ["something"]}
    results["summary"]["unexpected"] = len(results["results"])
    (folder / "r.json").write_text(json.dumps(results), encoding="utf-8")
    return call(["report", str(folder / "r.json"), f"--html={folder / 'o.html'}"])


def test_results_cannot_have_a_file_quoted_that_is_no_journal(results: dict[str, Any], tmp_path: Path) -> None:
    secret = tmp_path / "elsewhere" / "secret"
    secret.parent.mkdir()
    for content in ("SECRET-OF-THE-USER:x:0:0\n", '{"kind": "SECRET-OF-THE-USER"}\n', "[SECRET-OF-THE-USER"):
        secret.write_text(content, encoding="utf-8")
        check(report_of(results, secret, tmp_path))
        assert "SECRET-OF-THE-USER" not in (tmp_path / "o.html").read_text(encoding="utf-8"), content


def test_results_whose_journal_is_gone_or_a_directory_are_shown_without_it(
    results: dict[str, Any], tmp_path: Path
) -> None:
    for journal in (tmp_path, tmp_path / "gone", "", "\0", "x" * 5000):
        called = report_of(results, journal, tmp_path)
        check(called)
        assert called.exit == 1, called.err


# files that are no files


def apart(*words: str | Path, inputs: str = "") -> subprocess.CompletedProcess[str]:
    """`hookproof` in a process of its own, with little memory and little time."""
    command = ["sh", "-c", f'ulimit -v {MEMORY_KB}; exec "$@"', "sh", sys.executable, "-m", "hookproof", *words]
    done = subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=SECONDS, input=inputs
    )
    assert not trouble(done.stdout + done.stderr)
    return done


def fifo(folder: Path) -> Path:
    path = folder / "a-fifo"
    os.mkfifo(path)
    return path


def device(_folder: Path) -> Path:
    return Path("/dev/zero")


def link_to_device(folder: Path) -> Path:
    path = folder / "a-link"
    path.symlink_to("/dev/zero")
    return path


@unix
@pytest.mark.parametrize("make", [fifo, device, link_to_device])
@pytest.mark.parametrize("verb", ["--descriptor", "--baseline", "recheck", "report", "compare", "recheck --baseline"])
def test_what_is_no_file_is_told(verb: str, make: Callable[[Path], Path], plugin: Path, tmp_path: Path) -> None:
    path = make(tmp_path)
    playing: list[str | Path] = ["run", "pattern-a", "--plugin", str(plugin), "--runs", str(tmp_path / "runs")]
    words: dict[str, list[str | Path]] = {
        "--descriptor": [*playing, "--descriptor", path],
        "--baseline": [*playing, "--baseline", path],
        "recheck": ["recheck", path],
        "report": ["report", path],
        "compare": ["compare", path, path],
        "recheck --baseline": ["recheck", str(INPUTS / "main-session.jsonl"), "--baseline", path],
    }
    done = apart(*words[verb])
    assert done.returncode == 2, done.stderr
    assert str(path) in done.stderr


@unix
@pytest.mark.parametrize("make", [fifo, link_to_device])
@pytest.mark.parametrize("name", [".claude-plugin/plugin.json", "hookproof.toml"])
def test_a_plugins_file_that_is_none_is_told(
    name: str, make: Callable[[Path], Path], plugin: Path, tmp_path: Path
) -> None:
    (plugin / name).unlink(missing_ok=True)
    make(tmp_path).rename(plugin / name)
    done = apart("run", "pattern-a", "--plugin", plugin, "--runs", tmp_path / "runs", "--replays", "0")
    # what is no file is no baseline of the plugin's either: it may be left aside
    assert done.returncode == 2 or name == "hookproof.toml", done.stderr
    assert done.returncode in {0, 1, 2}, done.stderr


@unix
@pytest.mark.parametrize("make", [fifo, device])
def test_results_whose_journal_is_no_file_are_shown_without_it(
    make: Callable[[Path], Path], results: dict[str, Any], tmp_path: Path
) -> None:
    results = json.loads(json.dumps(results))
    for each in results["results"]:
        each |= {"journal": str(make(tmp_path) if not (tmp_path / "a-fifo").exists() else tmp_path / "a-fifo")}
        each |= {"expected": False, "unexpected": ["something"]}
    results["summary"]["unexpected"] = len(results["results"])
    (tmp_path / "r.json").write_text(json.dumps(results), encoding="utf-8")
    done = apart("report", tmp_path / "r.json", "--html", tmp_path / "o.html")
    assert done.returncode == 1, done.stderr
    assert "</html>" in (tmp_path / "o.html").read_text(encoding="utf-8")


# plugins


@pytest.mark.parametrize(
    "manifest",
    [
        {"name": "codex", "author": {"name": ["x"]}},
        {"name": ["x"], "version": "1"},
        {"name": "codex", "author": {"name": "hookproof"}, "version": [1]},
        {"name": "codex", "author": ["hookproof"]},
        {"name": {"a": 1}},
        {},
        [],
        None,
        "codex",
    ],
    ids=json.dumps,
)
def test_a_manifest_of_other_types_is_taken_or_told(manifest: Any, plugin: Path, tmp_path: Path) -> None:
    (plugin / ".claude-plugin" / "plugin.json").write_text(json.dumps(manifest), encoding="utf-8")
    called = run(plugin, runs=tmp_path / "runs")
    check(called, names=str(plugin))
    assert called.exit == 2 or isinstance(manifest, dict)


def test_what_a_manifest_says_is_never_obeyed(plugin: Path, tmp_path: Path) -> None:
    manifest = {"name": "codex", "author": {"name": EVIL}, "version": EVIL}
    (plugin / ".claude-plugin" / "plugin.json").write_text(json.dumps(manifest), encoding="utf-8")
    check(run(plugin, runs=tmp_path / "runs"), names=str(plugin))


# the directory of runs


@linux
def test_runs_that_cannot_be_there_are_told(tmp_path: Path) -> None:
    (tmp_path / "a-file").touch()
    (tmp_path / "locked").mkdir()
    for runs in ("/proc/x", "/dev/null", str(tmp_path / "a-file"), str(tmp_path / "a-file" / "x"), "/dev/null/x"):
        called = call(["run", "pattern-a", "--runs", runs])
        check(called, names=runs)
        assert called.exit == 2, called


def case_in(runs: Path) -> Path:
    """A case of an earlier run."""
    case = runs / "20261127-000000-1" / "case"
    case.mkdir(parents=True)
    (case.parent / ".hookproof-run").touch()
    return case


@pytest.mark.parametrize("content", [None, "", "{", "[]", "{}", '{"root": 7}', '{"root": null, "token": []}', "\0"])
def test_a_damaged_world_beside_one_that_was_left_never_fails_a_start(content: str | None, tmp_path: Path) -> None:
    case = case_in(tmp_path / "runs")
    (case / "world-left").touch()
    if content is not None:
        (case / "world.json").write_text(content, encoding="utf-8")
    called = call(["run", "pattern-a", "--runs", str(tmp_path / "runs")])
    check(called)
    assert called.exit == 0, called.err


@pytest.mark.parametrize("name", ["owner.json", "world.json", "world-left", "claim"])
@pytest.mark.parametrize("kind", ["torn", "a directory"])
def test_a_damaged_claim_never_fails_a_start(name: str, kind: str, tmp_path: Path) -> None:
    case = case_in(tmp_path / "runs")
    if kind == "torn":
        (case / name).write_text('{"pid": 1, "sta', encoding="utf-8")
    else:
        (case / name).mkdir()
    called = call(["run", "pattern-a", "--runs", str(tmp_path / "runs")])
    check(called)
    assert called.exit == 0, called.err


@unix
@pytest.mark.parametrize("name", ["owner.json", "world.json", "world-left", "claim"])
def test_a_claim_that_is_no_file_never_holds_up_a_start(name: str, tmp_path: Path) -> None:
    os.mkfifo(case_in(tmp_path / "runs") / name)
    words = ("run", "jobs/output-file", "--plugin", "reference", "--replays", "0", "--runs", tmp_path / "runs")
    assert apart(*words).returncode == 0


def test_a_root_that_a_claim_names_is_not_removed_unless_it_is_a_sandbox(tmp_path: Path) -> None:
    """Whoever may write into the runs must not have any directory of the user's removed by it."""
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").touch()
    case = case_in(tmp_path / "runs")
    token = "0123456789abcdef" * 2
    (case / "world.json").write_text(json.dumps({"root": str(precious), "token": token}), encoding="utf-8")
    (case / "world-left").touch()
    (case / "owner.json").write_text('{"pid": 1}', encoding="utf-8")
    check(call(["run", "pattern-a", "--runs", str(tmp_path / "runs")]))
    assert (precious / "file").exists()


def test_the_baseline_is_what_the_others_here_spoil(plugin: Path, tmp_path: Path) -> None:
    (plugin / "hookproof.toml").write_text(BASELINE, encoding="utf-8")
    assert run(plugin, runs=tmp_path / "runs").exit == 0
