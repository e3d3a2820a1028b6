"""C1 to C8: why an agent was not told a text, or was told one that was not for it. Asked by `causes.known`.

A text is followed from the hook that says it to the model: did one run, did it do its work, has the host taken what it
printed, where did that land. The first of these at which it was lost is the cause. What nothing tells is not said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from hookproof.judge.agent_view import AgentView
from hookproof.judge.causes import hook_output, no_hook
from hookproof.judge.causes.culprit import Culprit
from hookproof.judge.causes.signature import Signature
from hookproof.judge.causes.told import ContextCause, Loss
from hookproof.judge.run_view import NoEvidenceError, RunView
from hookproof.judge.verdict import Finding, Missed, Strayed

MEANINGS: Mapping[str, str] = {
    "C1": "no hook ran that could have told it: its event is not declared or not known to the release, its matcher "
    "does not fit, or it is not trusted",
    "C2": "the hook failed: it was not found, or ended with an error",
    "C3": "the host did not take what the hook printed",
    "C4": "the host ended the hook before it was done",
    "C5": "another process held the hook's output open, and the host gave it up",
    "C6": "it landed elsewhere: at another agent, or as raw text",
    "C7": "it was cut to the host's size",
    "C8": "the hooks ran whole, and none of them said it",
}
EVIDENCE: Mapping[str, str] = {
    "C1": "the event fired and no run of the hook is there; what the plugin's files declare, what the host lists and "
    "trusts (measured: engram#75, insight-wave#1218; a release before 2.1.92 that does not know one of the events)",
    "C2": "the hook's exit status and the last line of its stderr (claude-mem: Bun not found)",
    "C3": "the hook ended well, and the host's words say why it did not take the output; or it says nothing, and what "
    "was printed is no document (measured: ponytail#573, claude-mem#3910)",
    "C4": "the host's end of the hook, after how long, at which limit",
    "C5": "the hook had ended, its output had not; who had the pipe open then (measured: memsearch#676)",
    "C6": "the text in another agent's request, or what was printed as it stands (measured: ponytail#506, "
    "claude-mem#3910)",
    "C7": "the beginning of what the hook said in a request, and not the end (measured: Codex cuts at about 10 kB)",
    "C8": "the hook's record: it ended with 0, and the text is not in what it printed (studykit before #146)",
}


def find_context_cause(view: RunView, findings: Iterable[tuple[str, Finding]]) -> Signature | None:
    """The cause of the first of these findings, by the ids of their requirements, that a text was lost or strayed.

    The causes of the others stand beside it. None where no finding is about a text; `?` where no cause fits.
    """
    agents = AgentView(view)
    found = [(name, each, _cause(agents, each)) for name, each in findings if each.context is not None]
    known = [(name, finding, cause) for name, finding, cause in found if cause is not None]
    if not known:
        missing = next(((name, finding) for name, finding, _ in found if _is_lost(finding.context)), None)
        if missing is None:
            return None
        why = "no record tells why" if view.hooks else "no record tells why no hook ran"
        return Signature("?", (f"{_about(*missing)}: {why}",), (), None)
    name, finding, first = known[0]
    reasons = [f"{fact.name}: {fact.value} ({fact.how}: {fact.why})" for fact in first.facts]
    also = tuple(dict.fromkeys(cause.id for _, _, cause in known if cause.id != first.id))
    culprit = Culprit(
        sentence=first.sentence,
        who=first.who,
        session=None,
        signal=None,
        after_subagent_ms=None,
        facts=list(first.facts),
    )
    return Signature(first.id, (_about(name, finding), *reasons), also, culprit)


def _is_lost(context: Missed | Strayed | None) -> bool:
    """Whether something is wrong with a text: of what was printed in a wrong form, and is nowhere, nothing was lost."""
    return isinstance(context, Missed) or (context is not None and bool(context.lines))


def _about(name: str, finding: Finding) -> str:
    return name if finding.agent is None else f"{name}, {finding.agent}"


def _cause(view: AgentView, finding: Finding) -> ContextCause | None:
    try:
        match finding.context:
            case Missed() as missed:
                return _of_loss(Loss(view, missed))
            case Strayed() as stray:
                return hook_output.of_stray(view, stray)
    except NoEvidenceError:
        return None
    return None


def _of_loss(loss: Loss) -> ContextCause | None:
    speakers = [run for run in loss.runs if loss.speaks_of_it(run)]
    silent = [run for run in loss.runs if run not in speakers]
    steps: list[Callable[[], ContextCause | None]] = [
        *(partial(hook_output.of_speaker, loss, run) for run in speakers),
        partial(no_hook.all_dropped, loss),
        partial(no_hook.known_teller, loss),
        *(partial(hook_output.of_silent, loss, run) for run in silent),
    ]
    if not speakers:  # what one of them said is lost on a way that nobody knows
        steps += [partial(no_hook.any_reason, loss), partial(hook_output.of_whole_runs, loss)]
    return next(filter(None, (step() for step in steps)), None)
