"""How the runs of a plugin's hooks ended, and what the host made of what they printed. Pure functions of the run view.

Used by the checks of hooks, and by `judge.leans` for findings that lean on hooks. A hook that failed, one that was cut
short and one of which the harness itself made an end are three things: the first is the plugin's, of the second nobody
knows what it would have done, of the third nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hookproof.judge.agent_view import STARTS, document, emitted
from hookproof.judge.run_view import HookRun, RunView
from hookproof.judge.session_end import cut_hooks
from hookproof.records import Record
from hookproof.records.faults import HookKilled, HookStopped
from hookproof.records.hosts import HookJudged, HostExited, TerminalClosed
from hookproof.records.model import ModelRequest
from hookproof.records.parts import HookOutput
from hookproof.records.run import SweepBegan
from hookproof.records.sent import HooksDropped, PluginNotLoaded

NOT_FOUND, FAILED, KILLED, BY_HOST = "not found", "failed", "killed", "ended by the host"
SESSION_END = "SessionEnd"
TELLS = STARTS | {"UserPromptSubmit"}
"""The events whose hooks tell an agent something before its model is asked."""
_REFUSES = 2
_REFUSABLE = frozenset(
    {
        "PreToolUse",
        "PostToolUse",
        "PostToolUseFailure",
        "PermissionRequest",
        "UserPromptSubmit",
        "Stop",
        "SubagentStop",
        "PreCompact",
        "TeammateIdle",
        "TaskCreated",
        "TaskCompleted",
        "ConfigChange",
        "Elicitation",
        "ElicitationResult",
    }
)
"""The events to which exit status 2 is an answer, not a failure (documented for both hosts; Codex has five of them)."""
_NO_COMMAND = frozenset({126, 127, 9009})
"""What shells exit with where there is no such program: POSIX's, and cmd.exe."""
_SILENT_KEYS = {"continue": bool, "suppressOutput": bool, "systemMessage": str}
"""What a document may hold beside a context that every measured release takes for every event."""
_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Failure:
    """A hook that did not do its work, as its own end shows."""

    outcome: str
    sentence: str
    at: Record


@dataclass(frozen=True, slots=True)
class Untold:
    """A hook of which its end says nothing: somebody else has put it to it."""

    sentence: str
    at: Record
    cut: bool
    """Whether its host did it, and not the harness."""


def hook_runs(view: RunView) -> list[HookRun]:
    """Every hook run, each once: a stand-in with tapped hooks tells of each, and so does the tap that it runs."""
    own = {run.started.pid for run in view.hooks if run.started.pid is not None}
    return [run for run in view.hooks if run.started.by is None or run.started.by not in own]


def judged(view: RunView, run: HookRun) -> HookJudged | None:
    """What a real host has said of a run."""
    return next((each for each in view.of(HookJudged) if each.run == run.started.run), None)


def dropped(view: RunView) -> HooksDropped | PluginNotLoaded | None:
    """The record of a host that runs no hook of the plugin."""
    return next((each for each in view.records if isinstance(each, HooksDropped | PluginNotLoaded)), None)


def dropped_sentence(record: HooksDropped | PluginNotLoaded) -> str:
    """What is said of it wherever it is told."""
    if isinstance(record, PluginNotLoaded):
        return (
            f"{record.release} does not load the plugin, with none of its hooks, agents and commands: it does not take"
            f" {record.unfit} in its manifest"
        )
    if record.inferred is not None:
        return f"{record.release} ran none of the plugin's hooks: {record.inferred}"
    if record.misfit is not None:
        return f"{record.release} drops all hooks of a plugin with one that it does not understand: {record.misfit}"
    events = ", ".join(record.events)
    return f"{record.release} does not know {events} and drops all hooks of a plugin that declares such an event"


def failure(view: RunView, run: HookRun) -> Failure | None:
    """How a hook failed by its own doing; None for one that did not, or of which its end says nothing."""
    ended = run.ended
    if ended is None or untold(view, run) is not None:
        said = judged(view, run)
        at_an_end = run.event == SESSION_END or bool(run.started.asynchronous)
        gave_up = said is not None and said.cut and not at_an_end and ended is None
        return _by_host(run, said) if gave_up else _at_its_timeout(view, run)
    words = f": {last!r}" if (last := last_line(ended.stderr)) else ""
    if _is_unstarted(run) or ended.exit in _NO_COMMAND:
        how = "could not be started" if _is_unstarted(run) else f"exited {ended.exit}"
        return Failure(NOT_FOUND, f"{named(run)} {how}{words}", ended)
    if ended.exit is None:
        return Failure(KILLED, f"{named(run)} was ended by signal {ended.signal}{words}", ended)
    if ended.exit and not is_answer(run):
        return Failure(FAILED, f"{named(run)} exited {ended.exit}{words}", ended)
    effects = ended.effects
    if ended.exit == 0 and effects is not None and effects.output == "not read":
        return Failure(FAILED, f"{named(run)} came to nothing: {effects.words}", ended)
    return None


def untold(view: RunView, run: HookRun) -> Untold | None:
    """Why a hook's end says nothing of it; None where it came to its own."""
    return _by_harness(view, run) or _cut(view, run)


def output(view: RunView, run: HookRun) -> tuple[HookOutput, str | None]:
    """What became of what a hook printed, and the host's words for it. Only of a hook that ended well by itself."""
    ended, said = run.ended, judged(view, run)
    if ended is not None and ended.effects is not None:
        return ended.effects.output, ended.effects.words
    if said is not None and said.output != "unknown":
        return said.output, said.words
    return ("taken", None) if _plainly_taken(view, run) else ("unknown", None)


def named(run: HookRun) -> str:
    """A hook, as a sentence speaks of it."""
    return named_command(run.event, run.started.command)


def named_command(event: str, command: str) -> str:
    """The same of a hook that need not have run."""
    shown = " ".join(command.split())
    return f"the {event} hook `{shown if len(shown) <= _SHOWN else f'{shown[:_SHOWN]}…'}`"


def _by_harness(view: RunView, run: HookRun) -> Untold | None:
    aimed: list[HookKilled | HookStopped] = [*view.of(HookKilled), *view.of(HookStopped)]
    fault = next((each for each in aimed if each.run == run.started.run and not each.over), None)
    if fault is not None:
        return Untold(f"{named(run)} was ended as the scenario has it: {fault.what}", fault, cut=False)
    swept = next(iter(view.of(SweepBegan)), None)
    late = run.ended is None or (swept is not None and run.ended.seq > swept.seq)
    if late and not given_up(view, run):
        at = run.ended or run.started
        return Untold(f"{named(run)} had not ended when all was over", at, cut=False)
    return None


def _cut(view: RunView, run: HookRun) -> Untold | None:
    """A hook that its host ended, at whichever limit."""
    ended = run.ended
    if _is_unstarted(run) or ((ended is None or ended.ended_by == "itself") and not given_up(view, run)):
        return None
    at = ended or run.started
    at_the_end = next((each for each in cut_hooks(view) if each.run.started.run == run.started.run), None)
    if at_the_end is not None:
        return Untold(at_the_end.sentence, at, cut=True)
    if _beside(run):
        what = "was at work beside its session (`async`) when that ended, and its host ended it"
        return Untold(f"{named(run)} {what}", at, cut=True)
    limit = f" of {_limit(run):g} s" if _limit(run) is not None else ""
    took = f" after {ended.ms / 1000:.1f} s" if ended is not None and ended.ms is not None else ""
    by = ended.ended_by if ended is not None else "host"
    where = {"timeout": f"at its timeout{limit}", "budget": f"at the time{limit} that a session's end has"}.get(by, "")
    return Untold(f"{named(run)} was cut short by its host{took}{' ' if where else ''}{where}", at, cut=True)


def _beside(run: HookRun) -> bool:
    """Whether its host went on beside it, and ended it for no limit of its own: that is how it ends a session."""
    return bool(run.started.asynchronous) and (run.ended is None or run.ended.ended_by == "host")


def _is_unstarted(run: HookRun) -> bool:
    """Whether its host could not even start it."""
    return run.ended is not None and run.started.pid is None


def given_up(view: RunView, run: HookRun) -> bool:
    """Whether a real host says that it has given the hook up."""
    said = judged(view, run)
    return said is not None and said.cut


def _at_its_timeout(view: RunView, run: HookRun) -> Failure | None:
    """A hook that was ended at the timeout that its plugin declares, or for no reason that the session's end gives.

    Not where that timeout is shorter than this machine's patience: there a hook that does nothing may not be done.
    """
    found, ended, limit = _cut(view, run), run.ended, _limit(run)
    if found is None or ended is None or _by_harness(view, run) is not None:
        return None
    patience = view.case.patience
    if patience is not None and limit is not None and limit * 1000 < patience.ms:
        return None
    by_its_session = _beside(run) or _leaves(view, run, ended)
    if _is_declared(view, run) or (ended.ended_by == "host" and not by_its_session):
        return Failure(BY_HOST, found.sentence, ended)
    return None


def _is_declared(view: RunView, run: HookRun) -> bool:
    """Whether the limit at which a hook was ended is the one that its plugin declares."""
    at_the_end = next((each for each in cut_hooks(view) if each.run.started.run == run.started.run), None)
    if at_the_end is not None:
        return at_the_end.limit == "declared timeout"
    return run.ended is not None and run.ended.ended_by == "timeout"


def _leaves(view: RunView, run: HookRun, ended: Record) -> bool:
    """Whether a session was at its end when the host ended the hook: that is a limit of the host's, or its own end."""
    gone = [*view.of(HostExited), *view.of(TerminalClosed)]
    return run.event == SESSION_END or any(each.seq < ended.seq for each in gone)


def _by_host(run: HookRun, said: HookJudged | None) -> Failure:
    at = run.ended or run.started
    words = f": {said.words}" if said is not None and said.words else ""
    return Failure(BY_HOST, f"{named(run)} was cut short by its host{words}", at)


def _limit(run: HookRun) -> float | None:
    told = run.ended.limit if run.ended is not None else None
    return told if told is not None else run.started.timeout


def is_answer(run: HookRun) -> bool:
    """Whether an exit status that is not 0 is an answer to the event."""
    ended = run.ended
    if ended is None or ended.exit != _REFUSES or run.event not in _REFUSABLE:
        return False
    return ended.effects is None or ended.effects.decision is not None


def last_line(text: str) -> str:
    """The last line of a hook's stderr that says something; empty where none does."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:_SHOWN] if lines else ""


def _plainly_taken(view: RunView, run: HookRun) -> bool:
    """Whether what was printed shows by itself that it was taken, where the host says nothing.

    It reached a model; or it is one of the few things that every release that was measured takes.
    """
    if run.ended is None:
        return False
    context = emitted(run).strip()
    if context:
        return any(context[:_SHOWN] in text for text in _told_after(view, run.ended))
    text, value = run.ended.stdout.strip(), document(run)
    if value is None:
        return not text.startswith(("{", "[")) and run.event not in {"Stop", "SubagentStop"}
    if not isinstance(value, dict):
        return False
    reason = value.get("reason")
    if value.get("decision") == "block" and isinstance(reason, str) and reason.strip():
        return any(reason.strip()[:_SHOWN] in told for told in _told_after(view, run.ended))
    return all(name in _SILENT_KEYS and type(each) is _SILENT_KEYS[name] for name, each in value.items())


def _told_after(view: RunView, record: Record) -> Iterator[str]:
    for request in view.of(ModelRequest):
        if request.seq > record.seq:
            yield from (text.text for text in request.texts)
