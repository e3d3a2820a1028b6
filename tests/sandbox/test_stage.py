"""The stage: nothing of the user's leaks in, the world goes whole, records come in order, state is read as it is."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hookproof import claims, places
from hookproof.catalogue.descriptor import Companion
from hookproof.catalogue.lifecycle import Resolved, resolve_lifecycle
from hookproof.catalogue.plugin import resolve_plugin
from hookproof.hosts.registry import HOSTS, stand_ins
from hookproof.journal import Journal
from hookproof.records import Record, plain
from hookproof.records.run import Error, Stranger
from hookproof.records.sent import CodexExit, ShellHeld
from hookproof.sandbox import sandbox as sandboxes
from hookproof.sandbox.environment import environment, search_path
from hookproof.sandbox.recorder import Recorder
from hookproof.sandbox.state import find_row, read_state

LIFECYCLE = Resolved(name="x", host="claude", rows={})


def build(spec: str = "reference") -> sandboxes.Sandbox:
    return sandboxes.build(resolve_plugin(spec), LIFECYCLE, programs=stand_ins())


def test_nothing_of_the_users_environment_leaks_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "a-real-key")
    monkeypatch.setenv("SECRET_OF_MINE", "s")
    monkeypatch.setenv("SHELL", "/bin/zsh")
    monkeypatch.setenv("PATH", "/home/me/bin:/usr/bin")
    env = environment(
        home=tmp_path,
        tmp=tmp_path,
        path=search_path(tmp_path, []),
        token="t",
        recorder="r:1",
        model="http://m",
        hosts=HOSTS.values(),
    )
    assert "/home/me/bin" not in env["PATH"]
    assert not {"SECRET_OF_MINE", "SHELL"} & set(env)
    assert "a-real-key" not in env.values()


@pytest.mark.parametrize(
    ("own", "copy"),
    [
        ("hookify", "hookify"),
        ("my plugin-1.0_x (2)", "my plugin-1.0_x (2)"),
        ('a"b$c`d\\e%f\ng', "a_b_c_d_e_f_g"),
        ("a\udce9b", "a_b"),
        ("-n", "_-n"),
        ("con.d", "_con.d"),
        (". .", "plugin"),
        ("", "plugin"),
        ("x" * 200, "x" * 60),
    ],
)
def test_a_copy_keeps_the_name_of_its_folder(own: str, copy: str) -> None:
    assert sandboxes.folder_name(own) == copy


@pytest.mark.skipif(sys.platform == "win32", reason="a code page may not have it")
def test_letters_outside_ascii_are_kept() -> None:
    assert sandboxes.folder_name("\u00fcbung \u5b57") == "\u00fcbung \u5b57"
    assert len(os.fsencode(sandboxes.folder_name("\U00020000" * 200))) < 255


def test_needed_programs_are_found_where_they_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / ("node.cmd" if sys.platform == "win32" else "node")
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert str(tmp_path) in search_path(Path("/own"), ["node"]).split(os.pathsep)


def test_the_world_is_removed_whole_and_the_original_untouched() -> None:
    sandbox = build("reference:as-reported")
    original = resolve_plugin("reference").root
    assert (sandbox.plugin / "policy").read_text() == "as-reported\n"
    assert (original / "policy").read_text() == "correct\n"
    texts = sandbox.plugin / "agents" / "codex-rescue.md"
    assert texts.read_text() == (original / "texts" / "as-reported" / "agents" / "codex-rescue.md").read_text()
    assert sandbox.remove()
    assert not sandbox.root.exists()


@pytest.mark.parametrize(("name", "says"), [("claude", "(Claude Code)"), ("codex", "codex-cli"), ("python3", "Python")])
def test_programs_are_found_by_their_names_before_those_of_the_machine(name: str, says: str) -> None:
    lifecycle = resolve_lifecycle("claude-2.1.91")
    sandbox = sandboxes.build(resolve_plugin("reference"), lifecycle, programs=stand_ins())
    env = environment(
        home=sandbox.home,
        tmp=sandbox.tmp,
        path=search_path(sandbox.bin, []),
        token="t",
        recorder="r:1",
        model="http://m",
        hosts=HOSTS.values(),
    )
    env["HOOKPROOF_LIFECYCLE"] = str(sandbox.lifecycle)
    shell = ["cmd.exe", "/d", "/c"] if sys.platform == "win32" else ["/bin/sh", "-c"]
    # as a shell finds them, and as a program does that looks along PATH itself
    found = shutil.which(name, path=env["PATH"])
    assert found is not None
    assert Path(found).parent == sandbox.bin
    for argv in ([*shell, f"{name} --version"], [found, "--version"]):
        done = subprocess.run(
            argv, env=env, cwd=sandbox.project, capture_output=True, text=True, check=True, timeout=60
        )
        assert says in done.stdout
    sandbox.remove()


def test_a_launcher_hands_on_every_word_as_it_is(tmp_path: Path) -> None:
    words = ["two words", "--flag=a b", "", "it's", "ünï"]
    tells = tmp_path / "a place" / "tells.py"
    tells.parent.mkdir()
    tells.write_text("import json, sys; print(json.dumps(sys.argv[1:]))", encoding="utf-8")
    sandbox = sandboxes.build(resolve_plugin("reference"), LIFECYCLE, programs={"codex": (sys.executable, str(tells))})
    found = shutil.which("codex", path=str(sandbox.bin))
    assert found is not None
    done = subprocess.run([found, *words], capture_output=True, check=True, timeout=60)
    assert json.loads(done.stdout) == words
    sandbox.remove()


def test_a_world_in_which_somebody_holds_a_file_open_is_removed_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = claims.Claims(tmp_path / "claims")
    monkeypatch.setattr(claims, "make", mine.make)
    sandbox = sandboxes.build(resolve_plugin("reference"), LIFECYCLE, programs=stand_ins())
    with monkeypatch.context() as held, (sandbox.tmp / "held.log").open("w"):
        if sys.platform != "win32":  # where it is in nobody's way
            held.setattr(shutil, "rmtree", lambda *_, **__: None)
        assert not sandbox.remove()
        mine.close()
        (trouble,) = claims.sweep(tmp_path / "claims").troubles
        assert "could not be removed; the next start tries again" in trouble
        assert sandbox.root.exists()
    assert claims.sweep(tmp_path / "claims").removed == [sandbox.root]
    assert not sandbox.root.exists()


def test_a_world_that_cannot_be_built_is_not_left(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []

    def fails(folder: Path, _programs: object) -> None:
        made.append(folder.parent)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sandboxes, "_programs", fails)
    with pytest.raises(OSError, match="No space left"):
        build()
    assert not made[0].exists()


def test_a_shell_sources_its_files_and_names_with_quotes_survive(tmp_path: Path) -> None:
    file = tmp_path / "it's here.sh"
    file.write_text("export X=1\n")
    if sys.platform == "win32":
        pytest.skip("whether there is a bash depends on the machine")
    argv = sandboxes.shell_argv("printenv X", [str(file), str(tmp_path / "missing.sh")], tmp_path)
    assert argv[:2] == ["/bin/bash", "-c"]
    assert argv[2].endswith(" && exec printenv X")
    assert subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True).stdout == "1\n"


def records(*lines: bytes, token: str = "right") -> list[Record]:
    async def play(folder: Path) -> list[Record]:
        journal = Journal(folder / "journal.jsonl")
        recorder = Recorder(journal, "right")
        host, _, port = (await recorder.start()).partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        async with asyncio.timeout(10):
            for line in [json.dumps({"token": token, "source": "claude", "pid": 7}).encode(), *lines]:
                writer.write(line + b"\n")
                if not await reader.read(1):
                    break
        writer.close()
        await recorder.stop()
        journal.close()
        return journal.records

    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(play(Path(folder)))


def test_a_record_is_in_the_journal_before_its_sender_goes_on() -> None:
    first, second = records(
        b'{"kind": "codex.exit", "why": "1", "seq": 99, "by": 8, "self": 1}', b'{"kind": "shell.held", "job": "x"}'
    )
    assert isinstance(first, CodexExit)
    assert isinstance(second, ShellHeld)
    assert (first.source, first.by, first.seq, first.why) == ("claude", 7, 1, "1")
    assert plain(first)["self"] == 1


def test_a_stranger_is_turned_away_and_told() -> None:
    (record,) = records(b'{"kind": "hook.started"}', token="wrong")
    assert isinstance(record, Stranger)


@pytest.mark.parametrize("line", [b"nonsense", b"[1]", b"\xff\xfe"])
def test_a_record_that_is_no_object_is_an_error_not_a_crash(line: bytes) -> None:
    (record,) = records(line)
    assert isinstance(record, Error)
    assert record.where == "recorder"


@pytest.mark.parametrize(("let_go", "status"), [(True, 0), (False, 1)], ids=["let go", "the run is over"])
def test_a_held_command_goes_on_only_when_it_is_let_go(tmp_path: Path, let_go: bool, status: int) -> None:
    async def play() -> tuple[int, list[Record]]:
        journal = Journal(tmp_path / "journal.jsonl")
        recorder = Recorder(journal, "right")
        env = {**os.environ, "HOOKPROOF_RECORDER": await recorder.start(), "HOOKPROOF_TOKEN": "right"}
        program = [sys.executable, "-I", "-S", str(places.FAKES / "hold" / "hold.py"), "job=review"]
        held = await asyncio.create_subprocess_exec(*program, env=env)
        await journal.wait(lambda r: isinstance(r, ShellHeld), waiting_for="the command to be held", seconds=10)
        assert held.returncode is None
        if let_go:
            recorder.let_go()
            code = await asyncio.wait_for(held.wait(), 10)
            await recorder.stop()
        else:
            await recorder.stop()
            code = await asyncio.wait_for(held.wait(), 10)
        journal.close()
        return code, journal.records

    code, seen = asyncio.run(play())
    assert code == status
    (held,) = seen
    assert isinstance(held, ShellHeld)
    assert held.job == "review"


def test_state_is_read_from_every_root_and_damage_is_told() -> None:
    sandbox = build()
    descriptor = resolve_plugin("reference").descriptor
    assert isinstance(descriptor, Companion)
    state = descriptor.state
    good = sandbox.home / ".claude" / "plugins" / "data" / "codex-inline" / "state" / "project-1"
    torn = sandbox.tmp / "codex-companion" / "state" / "project-1"
    for root in (good, torn):
        (root / "jobs").mkdir(parents=True)
    (good / "state.json").write_text(json.dumps({"jobs": [{"id": "task-1"}, "no row"]}))
    (good / "jobs" / "task-1.json").write_text(json.dumps({"request": {"prompt": "job=review look"}}))
    (torn / "state.json").write_text('{"jobs": [')
    entries = read_state(sandbox, state)
    assert [entry.rows for entry in entries] == [[{"id": "task-1"}], []]
    assert "state.json" in (entries[1].error or "")
    found = find_row(entries, state, "review", sandbox)
    assert found is not None
    assert (found.id, found.told) == ("task-1", {"id": "task-1"})
    assert find_row(entries, state, "rev", sandbox) is None
    (good / "state.json").write_text(json.dumps({"jobs": [{"id": "task-1"}, {"id": "review-2", "status": "running"}]}))
    entries = read_state(sandbox, state)
    found = find_row(entries, state, "other", sandbox)
    assert found is not None
    assert found.told == {"id": "review-2", "status": "running"}
    assert find_row(entries, state, "other", sandbox, known=frozenset({"review-2"})) is None
    sandbox.remove()
