"""What a finding leans on, one function for each word of `catalogue.requirement.Lean`: through what its evidence came.

A need is asked before a check; this is asked after it, for what was seen was seen, whatever was cut short besides.
Where evidence did not come and a hook that might have brought it was cut short, nobody knows: not tested. Where the
hook failed, was refused or never ran, it is known why, and the finding says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from hookproof.catalogue.requirement import Lean
from hookproof.catalogue.scenario import MAIN
from hookproof.judge.agent_view import AgentView, speaks
from hookproof.judge.hook_runs import TELLS, dropped, dropped_sentence, failure, hook_runs, named, output, untold
from hookproof.judge.run_view import HookRun, NoEvidenceError, RunView
from hookproof.judge.verdict import Finding
from hookproof.records.jobs import JobStarted

_MOST = 3


def _telling_hooks(view: RunView, finding: Finding, accepted: list[str]) -> Finding:
    """The hooks that tell agents something before their models are asked."""
    if finding.outcome is None or finding.landed is not None:
        return finding
    threads = _threads(view, finding.agent)
    runs = [run for run in hook_runs(view) if run.event in TELLS and _may_tell(run, finding.agent, threads)]
    cut = next((found for run in runs if (found := untold(view, run)) is not None), None)
    if cut is not None:
        why = f"{cut.sentence}: what it would have told nobody knows ({finding.detail})"
        return replace(Finding.not_tested(why, cut.at), agent=finding.agent, context=finding.context)
    if finding.outcome in accepted:
        return finding
    reasons = list(dict.fromkeys(_reasons(view, runs)))[:_MOST]
    return replace(finding, detail="; ".join([finding.detail, *reasons])) if reasons else finding


def _threads(view: RunView, agent: str | None) -> list[str]:
    """The agent's threads; none where nobody has told them."""
    try:
        return AgentView(view).threads(agent) if agent is not None else []
    except NoEvidenceError:
        return []


def _may_tell(run: HookRun, agent: str | None, threads: list[str]) -> bool:
    """Whether a hook ran for that agent, as far as anybody knows for which it ran."""
    if threads:
        return run.thread in threads
    return agent is None or (agent == MAIN) == (run.started.agent_id is None)


def _reasons(view: RunView, runs: list[HookRun]) -> Iterator[str]:
    none = dropped(view)
    if none is not None:
        yield dropped_sentence(none)
    for run in runs:
        failed = failure(view, run)
        if failed is not None:
            yield failed.sentence
        elif speaks(run):
            made, words = output(view, run)
            if made == "refused":
                yield f"the host refused what {named(run)} printed: {' '.join((words or '').split())[:300]}"


def _shared_server(view: RunView, finding: Finding, accepted: list[str]) -> Finding:
    """The server that the plugin's jobs share: without one, nothing of what a session's end may do to it was tried.

    It may not have come up within the plugin's own time, which is this machine's doing. What was broken or left all the
    same was seen.
    """
    if not view.case.shared_server or finding.outcome not in accepted:
        return finding
    begun = next((job.seq for job in view.of(JobStarted)), 0)
    end = next((run.started for run in view.session_end_hooks() if run.started.seq > begun), None) or view.end
    if end is None or view.had_server(end.seq):
        return finding
    why = "the server that the plugin's jobs share (state.server_file) was not seen alive before a session ended"
    return replace(Finding.not_tested(f"{why}; {finding.detail}", finding.at), agent=finding.agent)


LEANS: Mapping[Lean, Callable[[RunView, Finding, list[str]], Finding]] = {
    "the hooks that tell agents": _telling_hooks,
    "a shared server": _shared_server,
}
