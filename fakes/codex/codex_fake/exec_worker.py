"""`codex exec` of a Codex that is nobody's host: one turn of one conversation, without hooks, agents or a lifecycle.

Companions that do not speak to `codex app-server` run their jobs so. Its turn is that of the app-server: it lasts as
long as the model server holds the answer back.
"""

from __future__ import annotations

import json
import os

from standin.wire import recorder_of_the_run

from . import rollout, threads
from .exec_output import JsonOutput, TextOutput
from .exec_parts import FailureError, in_repository, keep_last, parsed, play_out, prompt_of, target_of
from .grandchild import VARIABLE, Grandchild, UnknownModeError
from .reviews import Review
from .turns import Surroundings, Turn
from .wire import RequestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from standin.wire import Recorder

    from .exec_options import Options
    from .threads import Thread

ORIGINATOR = "codex_exec"


def run(arguments: list[str]) -> int:
    """Run one command line, without `exec` itself. Returns only where there is nothing to run."""
    options = parsed(arguments)
    if isinstance(options, int):
        return options
    recorder = recorder_of_the_run("codex", encode=json.dumps)
    os._exit(play_out(recorder, lambda: _run(recorder, options)))


def _run(recorder: Recorder, options: Options) -> int:
    cwd = os.path.realpath(options.values.get("--cd", os.getcwd()))
    try:
        os.chdir(cwd)
        grandchild = Grandchild(recorder, os.environ.get(VARIABLE))
    except (OSError, UnknownModeError) as error:
        raise FailureError(f"Error: {error}") from None
    prompt = prompt_of(options)
    if "--skip-git-repo-check" not in options.flags and not in_repository(cwd):
        raise FailureError("Not inside a trusted directory and --skip-git-repo-check was not specified.")
    output = (JsonOutput if "--json" in options.flags else TextOutput)(None, is_review=options.command == "review")
    around = Surroundings(output, recorder, grandchild)
    around.originator = ORIGINATOR
    thread = _thread(options, cwd)
    turn = _turn(around, thread, options, prompt)
    thread.turn = turn
    output.begin(thread, prompt)
    output.counts = turn.usage
    turn.run()
    output.end()
    keep_last(options, output.last)
    return 1 if output.failed else 0


def _thread(options: Options, cwd: str) -> Thread:
    model = options.values.get("--model")
    if options.command != "resume":
        return threads.started(cwd=cwd, ephemeral="--ephemeral" in options.flags, originator=ORIGINATOR, model=model)
    wanted = None if "--last" in options.flags or not options.words else options.words[0]
    stored = rollout.find(wanted) if wanted is not None else _newest(None if "--all" in options.flags else cwd)
    if stored is None and wanted is not None:
        failed = f"thread/resume failed: no rollout found for thread id {wanted} (code -32600)"
        raise FailureError(f"Error: thread/resume: {failed}")
    if stored is None:
        return threads.started(cwd=cwd, ephemeral="--ephemeral" in options.flags, originator=ORIGINATOR, model=model)
    return threads.resumed(stored, rollout.names().get(stored.meta["id"]), cwd=cwd, model=model)


def _newest(cwd: str | None) -> rollout.Stored | None:
    for path in sorted(rollout.paths(), key=os.path.getmtime, reverse=True):
        stored = rollout.load(path)
        if stored is not None and (cwd is None or stored.meta.get("cwd") == cwd):
            return stored
    return None


def _turn(around: Surroundings, thread: Thread, options: Options, prompt: str) -> Turn:
    if options.command == "review":
        try:
            return Review(around, thread, target_of(options))
        except RequestError as error:
            raise FailureError(f"Error: {error}") from None
    return Turn(around, thread, [{"type": "text", "text": prompt, "text_elements": []}], {})
