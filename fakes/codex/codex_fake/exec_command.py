"""`codex exec`: one turn of one conversation, then the end. The first turn begins the session, its end ends it."""

from __future__ import annotations

import json
import os
import sys

from standin.wire import Recorder, recorder_of_the_run

from . import hosted_threads, rollout, signals
from .agents_calls import answer
from .exec_options import USAGE, Options, UsageError, parse
from .exec_output import JsonOutput, TextOutput
from .grandchild import VARIABLE, Grandchild, UnknownModeError
from .host import Host, host_of_the_run
from .hosted_reviews import HostReview
from .hosted_stored import stored_at
from .hosted_turns import HostSurroundings, HostTurn
from .wire import RequestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .exec_output import Output
    from .identity import HostThread

    Json = dict[str, Any]

ORIGINATOR = "codex_exec"


class FailureError(Exception):
    """Nothing can be run. The text goes to stderr."""


def run(arguments: list[str]) -> int | None:
    """Run one command line, without `exec` itself. None where no lifecycle makes this Codex a host."""
    recorder = recorder_of_the_run("codex", encode=json.dumps)
    host = host_of_the_run(recorder)
    if host is None:
        return None
    host.exec = True
    try:
        options = parse(arguments)
    except UsageError as error:
        print(f"error: {error}\n\n{USAGE}\nFor more information, try '--help'.", file=sys.stderr)
        return 2
    if "--help" in options.flags:
        print(USAGE, end="")
        return 0
    signals.watch(lambda *told: _signalled(recorder, *told))
    group = os.getpgid(0) if hasattr(os, "getpgid") else None
    recorder.write("codex.started", argv=sys.argv, pid=os.getpid(), pgid=group, ppid=os.getppid())
    try:
        status = _run(host, options)
    except FailureError as error:
        print(error, file=sys.stderr)
        status = 1
    recorder.write("codex.exit", why="exec has ended")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _signalled(recorder: Recorder, number: int, name: str, pid: int, uid: int, parent: int | None) -> None:
    recorder.write("codex.signal", signal=number, name=name, sender_pid=pid, sender_uid=uid, sender_ppid=parent)


def _run(host: Host, options: Options) -> int:
    host.config.override(options.overrides)
    cwd = os.path.realpath(options.values.get("--cd", os.getcwd()))
    try:
        os.chdir(cwd)
    except OSError as error:
        raise FailureError(f"Error: {error}") from None
    prompt = _prompt(options)
    if "--skip-git-repo-check" not in options.flags and not _in_repository(cwd):
        raise FailureError("Not inside a trusted directory and --skip-git-repo-check was not specified.")
    output = (JsonOutput if "--json" in options.flags else TextOutput)(host, is_review=options.command == "review")
    try:
        grandchild = Grandchild(host.recorder, os.environ.get(VARIABLE))
    except UnknownModeError as error:
        raise FailureError(f"error: {error}") from None
    around = HostSurroundings(output, host.recorder, grandchild, host, answer)
    around.originator, around.user_agent = ORIGINATOR, f"{ORIGINATOR}/{host.lifecycle['version']}"
    thread = _thread(host, options, cwd)
    host.begin_session(thread)
    turn = _turn(around, thread, options, prompt)
    thread.turn = turn
    output.begin(thread, prompt)
    turn.run()
    host.close()
    output.end()
    _keep_last(options, output)
    return 1 if output.failed else 0


def _prompt(options: Options) -> str:
    """The words of the user: the argument, and what stdin has to add, or stdin alone."""
    if options.command == "review":
        return ""
    alone = options.command == "resume" and "--last" not in options.flags
    words = options.words[1:] if alone else options.words
    given = words[0] if words else "-"
    if given != "-" and (options.command == "resume" or os.isatty(0)):
        return given
    print("Reading prompt from stdin..." if given == "-" else "Reading additional input from stdin...", file=sys.stderr)
    try:
        with open(0, "rb", closefd=False) as stdin:
            more = stdin.read().decode("utf-8", "replace")
    except OSError:
        more = ""
    if given == "-":
        if not more.strip():
            raise FailureError("No prompt provided via stdin.")
        return more.rstrip("\r\n")
    return f"{given}\n\n<stdin>\n{more.rstrip()}\n</stdin>" if more.strip() else given


def _thread(host: Host, options: Options, cwd: str) -> HostThread:
    model = options.values.get("--model")
    if options.command == "resume":
        stored = _stored(options, cwd)
        if stored is not None:
            name = rollout.names().get(stored.meta["id"])
            return hosted_threads.resumed(host, stored, name, cwd=cwd, model=model)
    ephemeral = "--ephemeral" in options.flags
    return hosted_threads.started(host, cwd=cwd, ephemeral=ephemeral, originator=ORIGINATOR, model=model)


def _stored(options: Options, cwd: str) -> rollout.Stored | None:
    if "--last" in options.flags or not options.words:
        return _newest(None if "--all" in options.flags else cwd)
    wanted = options.words[0]
    path = next((path for path in rollout.paths() if path.endswith(f"-{wanted}.jsonl")), None)
    if path is None:
        failed = f"thread/resume failed: no rollout found for thread id {wanted} (code -32600)"
        raise FailureError(f"Error: thread/resume: {failed}")
    return stored_at(path)


def _newest(cwd: str | None) -> rollout.Stored | None:
    for path in sorted(rollout.paths(), key=os.path.getmtime, reverse=True):
        stored = stored_at(path)
        if isinstance(stored.meta.get("source"), str) and (cwd is None or stored.meta.get("cwd") == cwd):
            return stored
    return None


def _turn(around: HostSurroundings, thread: HostThread, options: Options, prompt: str) -> HostTurn:
    if options.command == "review":
        try:
            return HostReview(around, thread, _target(options))
        except RequestError as error:
            raise FailureError(f"Error: {error}") from None
    return HostTurn(around, thread, [{"type": "text", "text": prompt, "text_elements": []}], {})


def _target(options: Options) -> Json:
    if "--base" in options.values:
        return {"type": "baseBranch", "branch": options.values["--base"]}
    if "--commit" in options.values:
        return {"type": "commit", "sha": options.values["--commit"]}
    if options.words:
        return {"type": "custom", "instructions": options.words[0]}
    return {"type": "uncommittedChanges"}


def _in_repository(directory: str) -> bool:
    while not os.path.exists(os.path.join(directory, ".git")):
        above = os.path.dirname(directory)
        if above == directory:
            return False
        directory = above
    return True


def _keep_last(options: Options, output: Output) -> None:
    path = options.values.get("--output-last-message")
    if path is None:
        return
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(output.last or "")
    except OSError as error:
        print(f"Failed to write last message file {path!r}: {error}", file=sys.stderr)
