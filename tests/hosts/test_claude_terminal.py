"""A session at a terminal, driven as the play drives it: here against the stand-in, which a real host resembles."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from hookproof import processes
from hookproof.catalogue.host import Program
from hookproof.catalogue.lifecycle import resolve_lifecycle
from hookproof.catalogue.model_step import Say
from hookproof.catalogue.plugin import resolve_plugin
from hookproof.catalogue.scenario import Scenario, read_scenario
from hookproof.errors import DeadlineMissedError
from hookproof.hosts.claude import interactive as claude_terminal
from hookproof.hosts.claude.interactive import TerminalSession, is_busy, typed_in
from hookproof.hosts.registry import HOSTS, stand_ins
from hookproof.hosts.session import HostError, Setting
from hookproof.journal import Journal, read
from hookproof.model.messages import Messages
from hookproof.model.script import Script
from hookproof.model.server import ModelServer
from hookproof.model.turns import Turns
from hookproof.play import Case, PlayOptions, play
from hookproof.play.patience import Patience
from hookproof.play.rest import Rest
from hookproof.records import Record
from hookproof.records.hosts import HostExited, HostScreen, HostStarted, User
from hookproof.records.run import Error, Swept
from hookproof.records.sent import HookEnded, HookStarted, SessionEnded, SessionStarted, TurnEnded
from hookproof.sandbox import sandbox as sandboxes
from hookproof.sandbox.environment import environment, model_key, search_path
from hookproof.sandbox.recorder import Recorder
from hookproof.sandbox.sandbox import Sandbox

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")

RULE = "─" * 40
Act = Callable[[TerminalSession, Journal], Awaitable[None]]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["Welcome", RULE, "❯"], ""),
        (["Welcome", RULE, "❯\xa0/clear", RULE, "  /clear  Clear it"], "/clear"),
        ([RULE, "❯ as wide as", "  the screen", RULE], "aswideasthescreen"),
        (["❯ said before", RULE, "❯ now"], "now"),
        ([RULE, "text", "❯ said before"], None),
        ([], None),
    ],
)
def test_what_stands_at_the_prompt(lines: list[str], text: str | None) -> None:
    assert typed_in(lines) == text


def converse(
    folder: Path,
    act: Act,
    *,
    program: Program | None = None,
    seconds: float = 30.0,
    lifecycle: str = "claude-2.1.91",
    prepare: Callable[[Sandbox], None] = lambda _sandbox: None,
    waits: bool = True,
) -> list[Record]:
    """Start a session, let `act` have it, end what is left. Nothing may be left: no process, no descriptor."""

    async def run() -> list[Record]:
        journal = Journal(folder / "j.jsonl")
        sandbox = sandboxes.build(resolve_plugin("reference"), resolve_lifecycle(lifecycle), programs=stand_ins())
        prepare(sandbox)
        group = processes.CaseProcesses(sandbox.token)
        script = Script({"main": [Say(text="Hello."), Say(text="Again.")]}, {})
        turns = Turns(script, {}, journal, _no_hold)
        model = ModelServer(turns, [Messages], journal, model_key(sandbox.token))
        recorder = Recorder(journal, sandbox.token)
        session = None
        try:
            path = search_path(sandbox.bin, [])
            addresses = {"recorder": await recorder.start(), "model": await model.start()}
            env = environment(
                home=sandbox.home, tmp=sandbox.tmp, path=path, token=sandbox.token, hosts=HOSTS.values(), **addresses
            )
            session = await claude_terminal.begin(
                Setting(
                    name="main",
                    program=program or HOSTS["claude"].stand_in(),
                    sandbox=sandbox,
                    journal=journal,
                    env=env | {"HOOKPROOF_LIFECYCLE": str(sandbox.lifecycle)},
                    processes=group,
                    seconds=seconds,
                    settled=Rest(journal, group, Patience(bare_hook_ms=4.0), seconds).settled if waits else None,
                )
            )
            await act(session, journal)
        finally:
            left = await group.sweep(seconds=10.0)
            if session is not None:
                await session.abandon()
            await model.stop()
            await recorder.stop()
            group.close()
            sandbox.remove()
            journal.close()
        journal.records.append(Swept(ended=len(left.ended), left=len(left.left)))
        return journal.records

    # the first sandbox of a process takes the lock of its claims, which it holds to its end
    sandboxes.build(resolve_plugin("reference"), resolve_lifecycle("claude-2.1.91"), programs=stand_ins()).remove()
    before = len(list(Path("/dev/fd").iterdir()))
    records = asyncio.run(run())
    assert len(list(Path("/dev/fd").iterdir())) == before
    return records


async def _no_hold(_agent: str, _after: str) -> None: ...


R = TypeVar("R", bound=Record)


def of(records: list[Record], kind: type[R]) -> list[R]:
    return [record for record in records if isinstance(record, kind)]


async def _reported(journal: Journal, nth: int) -> None:
    seen: list[int] = []

    def nth_end(record: Record) -> bool:
        seen.extend([record.seq] if isinstance(record, TurnEnded) else [])
        return len(seen) >= nth

    await journal.wait(nth_end, waiting_for=f"the end of turn {nth}", seconds=30.0)


def test_a_conversation(tmp_path: Path) -> None:
    async def act(session: TerminalSession, journal: Journal) -> None:
        await session.type("Hello there")
        await _reported(journal, 1)
        await session.type("/clear")
        await session.type("And again")
        await _reported(journal, 2)
        await session.end()

    records = converse(tmp_path, act)
    assert of(records, Error) == []
    assert [record.text for record in of(records, User)] == ["Hello there", "/clear", "And again", "/exit"]
    assert [record.reason for record in of(records, SessionEnded)] == ["clear", "prompt_input_exit"]
    first, second = of(records, SessionStarted)
    (host,) = of(records, HostStarted)
    assert first.session_id == host.session_id != second.session_id
    assert first.by == second.by == host.pid
    (exited,) = of(records, HostExited)
    assert (exited.asked, exited.code) == (True, 0)
    screens = [record.text for record in of(records, HostScreen)]
    assert "❯ Hello there [hookproof:agent=main]\n● Hello." in screens[1]
    assert not any("\x1b" in screen for screen in screens)
    assert of(records, Swept)[0].ended == 0


def _hold_the_hooks_after_clear(sandbox: Sandbox) -> None:
    """Have the plugin's start after a `/clear` wait for whoever opens the pipe."""
    os.mkfifo(sandbox.root / "pipe")
    path = sandbox.plugin / "hooks" / "hooks.json"
    hooks = json.loads(path.read_text())
    waits = {"type": "command", "command": f"read line < '{sandbox.root / 'pipe'}'"}
    hooks["hooks"]["SessionStart"].append({"matcher": "clear", "hooks": [waits]})
    path.write_text(json.dumps(hooks))


async def _held(journal: Journal) -> Path:
    """The pipe that a hook waits at, once it does."""
    record = await journal.wait(
        lambda r: isinstance(r, HookStarted) and r.command.startswith("read line"),
        waiting_for="the hook that is held",
        seconds=30.0,
    )
    assert isinstance(record, HookStarted)
    return Path(shlex.split(record.command)[-1])


async def _let_go(pipe: Path) -> None:
    """Open the pipe, which takes until the hook has."""
    await asyncio.to_thread(pipe.write_text, "\n")


EARLY = "claude-2.1.329+typed-early-is-lost"


def test_what_is_typed_while_the_hooks_after_clear_run_can_be_lost(tmp_path: Path) -> None:
    async def act(session: TerminalSession, journal: Journal) -> None:
        await session.type("Hello there")
        await _reported(journal, 1)
        await session.type("/clear")
        pipe = await _held(journal)
        await session.type("And again")
        await _let_go(pipe)
        # `/exit` would be typed too early as well
        await session.close_terminal()

    records = converse(tmp_path, act, lifecycle=EARLY, prepare=_hold_the_hooks_after_clear, waits=False)
    assert of(records, Error) == []
    assert [record.text for record in of(records, User)] == ["Hello there", "/clear", "And again"]
    assert len(of(records, TurnEnded)) == 1


def test_typing_after_clear_waits_for_the_hooks_of_the_start(tmp_path: Path) -> None:
    async def act(session: TerminalSession, journal: Journal) -> None:
        await session.type("Hello there")
        await _reported(journal, 1)
        await session.type("/clear")
        pipe = await _held(journal)
        typing = asyncio.ensure_future(session.type("And again"))
        await _let_go(pipe)
        await typing
        await _reported(journal, 2)
        await session.end()

    records = converse(tmp_path, act, lifecycle=EARLY, prepare=_hold_the_hooks_after_clear)
    assert of(records, Error) == []
    (held,) = [each for each in of(records, HookStarted) if each.command.startswith("read line")]
    over = next(each for each in of(records, HookEnded) if each.run == held.run)
    typed = next(each for each in of(records, User) if each.text == "And again")
    assert held.seq < over.seq < typed.seq
    assert len(of(records, TurnEnded)) == 2


def test_closing_the_terminal_ends_the_session(tmp_path: Path) -> None:
    async def act(session: TerminalSession, journal: Journal) -> None:
        await session.type("Hello there")
        await _reported(journal, 1)
        await session.close_terminal()

    records = converse(tmp_path, act)
    assert [record.reason for record in of(records, SessionEnded)] == ["other"]
    (exited,) = of(records, HostExited)
    # measured on 2.1.91: it ends itself
    assert (exited.asked, exited.code, exited.signal) == (True, None, 9)
    assert of(records, Swept)[0].ended == 0


def _python(code: str) -> Program:
    return Program((sys.executable, "-I", "-S", "-c", code, "--"), "fake")


SAYS_HELLO = """
import json, os, socket
host, port = os.environ["HOOKPROOF_RECORDER"].split(":")
wire = socket.create_connection((host, int(port)))
hello = {"token": os.environ["HOOKPROOF_TOKEN"], "source": "claude", "pid": os.getpid()}
started = {"kind": "session.started", "session_id": "s", "agent_id": None, "transcript_path": None}
for record in (hello, started):
    wire.sendall(json.dumps(record).encode() + b"\\n")
    wire.recv(1)
"""
SHOWS_PROMPT = 'print("─" * 20 + "\\n❯ ", end="", flush=True)\n' + SAYS_HELLO
SHOWS_WORK = "print('✻ esc to interrupt')\n" + SHOWS_PROMPT
DEAF = "import termios\nm = termios.tcgetattr(0)\nm[3] = 0\ntermios.tcsetattr(0, 0, m)\n" + SHOWS_PROMPT
WAITS = "import signal\nsignal.pause()\n"


@pytest.mark.parametrize(
    ("code", "missed", "on_screen"),
    [
        (f"print('Choose a colour')\n{SAYS_HELLO}", "the prompt between two turns", "Choose a colour"),
        (SHOWS_WORK, "the prompt between two turns", "interrupt"),
        (DEAF, "'Hi [hookproof:agent=main]' on the screen", "❯"),
    ],
    ids=["no prompt", "never idle", "deaf"],
)
def test_a_wait_in_vain_says_for_what_and_shows_the_screen(
    tmp_path: Path, code: str, missed: str, on_screen: str
) -> None:
    async def act(session: TerminalSession, journal: Journal) -> None:
        await journal.wait(lambda r: isinstance(r, SessionStarted), waiting_for="its start", seconds=30.0)
        session.seconds = 1.0
        with pytest.raises(DeadlineMissedError) as raised:
            await session.type("Hi")
        assert missed in raised.value.waiting_for

    records = converse(tmp_path, act, program=_python(code + WAITS))
    assert on_screen in of(records, HostScreen)[-1].text


def test_a_session_that_never_begins(tmp_path: Path) -> None:
    async def act(session: TerminalSession, _journal: Journal) -> None:
        session.seconds = 1.0
        with pytest.raises(DeadlineMissedError, match="the start of session 'main' at its terminal"):
            await session.type("Hi")

    converse(tmp_path, act, program=_python(WAITS))


@pytest.mark.parametrize("code", ["", SAYS_HELLO], ids=["at once", "early"])
def test_a_host_that_goes_away_is_told(tmp_path: Path, code: str) -> None:
    async def act(session: TerminalSession, journal: Journal) -> None:
        await session.type("Hi")
        await journal.wait(lambda r: isinstance(r, HostExited), waiting_for="its end", seconds=30.0)

    records = converse(tmp_path, act, program=_python(code))
    (exited,) = of(records, HostExited)
    assert (exited.asked, exited.code) == (False, 0)
    assert "went away before the prompt" in of(records, Error)[0].what


def test_without_pseudo_terminals_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(_session: TerminalSession, _journal: Journal) -> None:
        raise AssertionError("it has started")

    def none_left() -> tuple[int, int]:
        raise OSError(2, "out of pty devices")

    monkeypatch.setattr(os, "openpty", none_left)
    with pytest.raises(HostError, match="cannot open a pseudo-terminal: out of pty devices"):
        converse(tmp_path, act)


def test_a_program_that_is_not_there_leaves_nothing_open(tmp_path: Path) -> None:
    async def act(session: TerminalSession, journal: Journal) -> None:
        await session.type("Hi")
        await journal.wait(lambda r: isinstance(r, HostExited), waiting_for="its end", seconds=30.0)

    records = converse(tmp_path, act, program=Program(("no-such-program-anywhere",), "fake"))
    assert "no-such-program" in of(records, HostScreen)[-1].text or of(records, Error)


@pytest.mark.parametrize("name", ["jobs/clear-while-running", "jobs/exit-while-running"])
def test_a_scenario_at_a_terminal(name: str, tmp_path: Path) -> None:
    scenario = read_scenario(Path(__file__).parents[2] / "scenarios" / f"{name}.toml")
    assert scenario.claude.interactive
    case = Case(scenario, resolve_plugin("reference"), resolve_lifecycle("claude-2.1.329"))
    processes.become_subreaper()
    records = read(asyncio.run(play(case, tmp_path, PlayOptions())))
    assert of(records, Error) == []
    assert of(records, Swept)[0].ended == 0


def test_a_terminal_is_closed_only_where_there_is_one() -> None:
    table = {
        "title": "t",
        "source": "s",
        "kind": "companion",
        "host": "claude",
        "requires": ["JOB-01"],
        "user": "u",
        "model": {"main": []},
        "then": [{"when": "turn reported", "do": "close terminal"}],
    }
    with pytest.raises(ValueError, match=r"add \[claude\] interactive = true"):
        Scenario.model_validate(table)
    assert Scenario.model_validate({**table, "claude": {"interactive": True}}).claude.interactive


@pytest.mark.parametrize(
    ("status", "busy"),
    [
        ("  ⏵⏵ bypass permissions on · esc to interrupt", True),
        ("  ⏵⏵ bypass permissions on · esc to… · 1 shell", True),
        ("  esc to interr…", True),
        ("  esc…", True),
        ("  ⏵⏵ bypass permissions on (shift+tab to cycle)", False),
        ("  esc to clear…", False),
        ("  escalate…", False),
    ],
)
def test_a_host_at_work_is_known_by_what_it_offers_even_where_that_is_cut(status: str, busy: bool) -> None:
    assert is_busy(f"❯\n──────────\n{status}") is busy
