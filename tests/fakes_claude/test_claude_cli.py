"""The program from outside: versions, text and JSON output, what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import claude_facts as facts
import pytest
from claude_bench import PROGRAM, Bench
from conftest import MakeBench, MakeModel
from scripted_model import call, text

HELLO = "[hookproof:agent=main] hello"
VERSIONS = {
    "as-reported-345": "2.1.91",
    "claude-2.1.91": "2.1.91",
    "claude-2.1.91-windows": "2.1.91",
    "claude-2.1.329": "2.1.329",
}


def version(environment: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    """Ask the program for its version."""
    command = [sys.executable, "-I", "-S", *options, str(PROGRAM), "--version"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
@pytest.mark.parametrize("form", ["json", "compact json"])
def test_the_version(lifecycle: str, form: str, make_model: MakeModel, make_bench: MakeBench) -> None:
    path = make_bench(make_model()).resolved(lifecycle)
    if form == "compact json":
        path.write_text(json.dumps(json.loads(path.read_text()), separators=(",", ":")))
    done = version({"HOOKPROOF_LIFECYCLE": str(path)})
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{VERSIONS[lifecycle]} (Claude Code)\n", "")


def test_the_version_costs_no_json(make_model: MakeModel, make_bench: MakeBench) -> None:
    path = make_bench(make_model()).resolved("claude-2.1.91")
    done = version({"HOOKPROOF_LIFECYCLE": str(path)}, "-X", "importtime")
    assert done.stdout == "2.1.91 (Claude Code)\n"
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "claude_fake.version" in imported
    assert imported.isdisjoint({"json", "tomllib", "threading", "subprocess", "re"})


@pytest.mark.skipif(sys.platform == "win32", reason="on Windows subprocess starts what posix.py starts elsewhere")
def test_what_a_session_does_not_import(make_model: MakeModel, make_bench: MakeBench) -> None:
    bench = make_bench(make_model(main=[text("done")]))
    command = [sys.executable, "-I", "-S", "-X", "importtime", str(PROGRAM), "-p", HELLO]
    environment = {**bench.environment, "HOOKPROOF_LIFECYCLE": str(bench.resolved("claude-2.1.91"))}
    done = subprocess.run(command, env=environment, cwd=bench.project, capture_output=True, text=True, check=False)
    assert done.stdout == "done\n"
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    expensive = {"subprocess", "http.client", "asyncio", "argparse", "pathlib", "typing", "socket", "dataclasses"}
    assert imported.isdisjoint(expensive | {"tomllib", "uuid", "inspect", "logging", "tempfile", "shlex"})


def play(bench: Bench, *arguments: str, lifecycle: str = "claude-2.1.91", given: str = "") -> tuple[int, str, str]:
    """Run the program in text mode: exit code, stdout, stderr."""
    running = bench.run(["-p", "--plugin-dir", str(bench.plugin), *arguments], lifecycle)
    if given:
        running.send(given)
    code = running.finish()
    return code, "".join(running.text), running.errors()


def test_text_mode(make_model: MakeModel, make_bench: MakeBench) -> None:
    model = make_model(main=[text("the answer"), text("another")])
    bench = make_bench(model)
    assert play(bench, HELLO) == (0, "the answer\n", "")
    assert play(bench, given=HELLO) == (0, "another\n", "")
    assert [words for request in model.of("main") for words in request.texts() if "remind" not in words] == [
        HELLO,
        f"{HELLO}\n",
    ]
    assert bench.journal.of("session.ended")[0]["reason"] == "other"


def test_json_mode(make_model: MakeModel, make_bench: MakeBench) -> None:
    code, printed, _ = play(make_bench(make_model(main=[text("the answer")])), HELLO, "--output-format", "json")
    (line,) = printed.splitlines()
    result = json.loads(line)
    assert (code, result["type"], result["subtype"], result["result"]) == (0, "result", "success", "the answer")


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_text_mode_waits_for_background_work(lifecycle: str, make_model: MakeModel, make_bench: MakeBench) -> None:
    agent, launched = call("Agent", prompt="[hookproof:agent=sub] go", run_in_background=True), threading.Event()
    model = make_model(main=[agent, text("launched"), text("told")], sub=[text("report", gate=launched)])
    bench = make_bench(model)
    running = bench.run(["-p", HELLO, "--plugin-dir", str(bench.plugin)], lifecycle)
    running.turn_ended()
    launched.set()
    assert running.finish() == 0
    printed = "".join(running.text)
    assert printed == ("launched\n\ntold\n" if lifecycle == "claude-2.1.329" else "told\n")


def test_a_model_name_is_passed_on(make_model: MakeModel, make_bench: MakeBench) -> None:
    model = make_model(main=[text("done")])
    play(make_bench(model), HELLO, "--model", "my-model-x")
    body = model.of("main")[0].body
    assert (body["model"], body["stream"], body["max_tokens"]) == ("my-model-x", True, 32000)
    session = json.loads(body["metadata"]["user_id"])["session_id"]
    headers = {name.lower(): value for name, value in model.of("main")[0].headers.items()}
    assert headers["x-claude-code-session-id"] == session
    assert headers["user-agent"] == "claude-cli/2.1.91 (external, sdk-cli)"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--no-such-option"], "error: unknown option '--no-such-option'"),
        (["--plugin-dir", "/nosuch"], "/nosuch: no such plugin directory"),
        ([], "Error: Input must be provided either through stdin or as a prompt argument when using --print"),
    ],
)
def test_what_is_refused_before_a_session_begins(
    arguments: list[str], said: str, make_model: MakeModel, make_bench: MakeBench
) -> None:
    bench = make_bench(make_model())
    assert play(bench, *arguments) == (1, "", f"{said}\n")
    assert bench.journal.items == []


def test_a_broken_hooks_file_ends_the_program_with_one_sentence(make_model: MakeModel, make_bench: MakeBench) -> None:
    bench = make_bench(make_model())
    (bench.plugin / "hooks" / "hooks.json").write_text('{"hooks": ')
    code, printed, errors = play(bench, HELLO)
    assert (code, printed) == (1, "")
    assert errors.startswith(f"{bench.plugin / 'hooks' / 'hooks.json'}: not JSON: ")


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_an_unknown_event_in_a_hooks_file(lifecycle: str, make_model: MakeModel, make_bench: MakeBench) -> None:
    bench = make_bench(make_model(main=[text("done")]))
    bench.hook("SessionStart", ":")
    bench.hook("NoSuchEvent", ":")
    assert play(bench, HELLO, lifecycle=lifecycle)[0] == 0
    assert bench.journal.events() == (["SessionStart"] if lifecycle == "claude-2.1.329" else [])


def test_a_line_that_is_not_json(make_model: MakeModel, make_bench: MakeBench) -> None:
    bench = make_bench(make_model())
    running = bench.start()
    running.send("not json")
    assert running.finish() == 1
    assert running.errors().startswith("Error parsing streaming input line: not json: ")


def test_input_that_ends_at_once(make_model: MakeModel, make_bench: MakeBench) -> None:
    bench = make_bench(make_model())
    bench.hook_everything()
    running = bench.start()
    assert running.finish() == 0
    assert bench.journal.events() == ["SessionStart", "SessionEnd"]
    assert running.text[:1] == running.text[:2][:1]
    assert running.results() == []


def test_nobody_reads_what_it_prints(make_model: MakeModel, make_bench: MakeBench) -> None:
    bench = make_bench(make_model(main=[text("one"), text("two")]))
    command = [sys.executable, "-I", "-S", str(PROGRAM), *bench.arguments()]
    line = json.dumps({"type": "user", "message": {"role": "user", "content": [{"type": "text", "text": HELLO}]}})
    environment = {**bench.environment, "HOOKPROOF_LIFECYCLE": str(bench.resolved("claude-2.1.91"))}
    process = subprocess.Popen(
        command, env=environment, cwd=bench.project, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.close()
    process.stdin.write(f"{line}\n".encode())
    process.stdin.close()
    assert process.wait(30) == 0
    assert bench.journal.of("turn.ended")[0]["text"] == "one"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot read the lifecycle: No such file"),
        ("{", "not a lifecycle"),
        ('{"name": "x"}', 'expected {"name": …, "host": …, "rows": {…}}'),
        ('{"name": "x", "rows": {"hook_group": "mine"}}', "hook_group says 'mine', expected one of ('host', 'own')"),
        ('{"name": "x", "rows": {}}', "lifecycle 'x' has no row"),
    ],
)
def test_a_lifecycle_that_cannot_be_read(content: str | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / "lifecycle.json"
    if content is not None:
        path.write_text(content)
    environment = {"HOOKPROOF_LIFECYCLE": str(path), "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    for arguments in (["--version"], ["-p", "hello"]):
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(PROGRAM), *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert said in done.stderr
        assert "Traceback" not in done.stderr
