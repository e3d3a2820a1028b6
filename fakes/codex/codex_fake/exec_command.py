"""`codex exec`: one turn of one conversation, then the end. The first turn begins the session, its end ends it."""

from __future__ import annotations

import json
import os

from standin.wire import recorder_of_the_run

from . import hosted_threads, rollout
from .agents_calls import answer
from .exec_output import JsonOutput, TextOutput
from .exec_parts import FailureError, in_repository, keep_last, parsed, play_out, prompt_of, target_of
from .grandchild import VARIABLE, Grandchild, UnknownModeError
from .host import Host, host_of_the_run
from .hosted_reviews import HostReview
from .hosted_stored import stored_at
from .hosted_turns import HostSurroundings, HostTurn
from .wire import RequestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .exec_options import Options
    from .identity import HostThread

    Json = dict[str, Any]

ORIGINATOR = "codex_exec"


def run(arguments: list[str]) -> int | None:
    """Run one command line, without `exec` itself. None where no lifecycle makes this Codex a host."""
    recorder = recorder_of_the_run("codex", encode=json.dumps)
    host = host_of_the_run(recorder)
    if host is None:
        return None
    host.exec = True
    options = parsed(arguments)
    if isinstance(options, int):
        return options
    os._exit(play_out(recorder, lambda: _run(host, options)))


def _run(host: Host, options: Options) -> int:
    host.config.override(options.overrides)
    cwd = os.path.realpath(options.values.get("--cd", os.getcwd()))
    try:
        os.chdir(cwd)
    except OSError as error:
        raise FailureError(f"Error: {error}") from None
    prompt = prompt_of(options)
    if "--skip-git-repo-check" not in options.flags and not in_repository(cwd):
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
    keep_last(options, output.last)
    return 1 if output.failed else 0


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
            return HostReview(around, thread, target_of(options))
        except RequestError as error:
            raise FailureError(f"Error: {error}") from None
    return HostTurn(around, thread, [{"type": "text", "text": prompt, "text_elements": []}], {})
