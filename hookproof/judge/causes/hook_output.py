"""What became of a hook that ran, and of what it said: it failed, was refused, cut, held open, cut to size, or landed
elsewhere. One function for each of C2 to C8; all are asked by `causes.context`.
"""

from __future__ import annotations

from collections.abc import Iterator

from hookproof.catalogue.scenario import MAIN
from hookproof.judge.agent_view import AgentView, document, emitted, speaks
from hookproof.judge.causes.culprit import Fact, NamedFact
from hookproof.judge.causes.told import OBSERVED, RECORD, ContextCause, ContextId, Loss, inferred, observed, printed
from hookproof.judge.hook_runs import failure, given_up, judged, last_line, named, output, untold
from hookproof.judge.run_view import HookRun, Received
from hookproof.judge.verdict import Strayed
from hookproof.records.jobs import HookHolders, HookOverdue
from hookproof.records.parts import Effects
from hookproof.records.sent import HookHeld

_BEGINNING = 120
_WORDS = 300


def of_speaker(loss: Loss, run: HookRun) -> ContextCause | None:
    """What became of the text, which this hook printed."""
    return _trouble(loss.view, run) or _elsewhere(loss, run) or _to_size(loss, run) or _taken_for_nothing(loss, run)


def of_silent(loss: Loss, run: HookRun) -> ContextCause | None:
    """What kept this hook, which printed nothing of the text, from doing its work."""
    return _trouble(loss.view, run)


def of_whole_runs(loss: Loss) -> ContextCause | None:
    """C8: hooks ran for the agent, all of them whole, and none said it."""
    if not loss.runs or any(_is_open(loss.view, run) for run in loss.runs):
        return None
    facts = [observed(f"the {run.event} hook", _whole(run), RECORD) for run in loss.runs[:3] if run.ended is not None]
    names = ", ".join(dict.fromkeys(named(run) for run in loss.runs[:3]))
    return _cause("C8", loss.runs[0], f"{names} ran for {loss.agent} and did not say it", facts)


def of_stray(view: AgentView, stray: Strayed) -> ContextCause | None:
    """C6: a text reached an agent that it was not for; or it reached one as raw text."""
    told = view.leaked(stray.agent, list(stray.lines)) if stray.agent is not None and stray.lines else []
    run = _teller(view, stray, told)
    if run is None:
        return None
    who = stray.agent or f"the thread {run.thread}"
    if document(run) is None and speaks(run):
        raw = _raw(view, run)
        return None if raw is None else _as_raw_text(run, who, raw)
    landed = told[:1] or [each for each in _texts(view, stray.agent) if _is_begun(emitted(run), each)][:1]
    facts = [observed("for whom it ran", who, RECORD), *_where(landed)]
    return _cause("C6", run, f"{named(run)} ran for {who} and told it what is not for it", facts)


def _trouble(view: AgentView, run: HookRun) -> ContextCause | None:
    """C5, C4, C2, C3: why the host has not taken what a hook said, whatever that was."""
    return _held(view, run) or _cut(view, run) or _failed(view, run) or _refused(view, run)


def _held(view: AgentView, run: HookRun) -> ContextCause | None:
    """C5: the hook had ended, and somebody else held its output, so that the host gave it up."""
    held = next((each for each in view.run.of(HookHeld) if each.run == run.started.run), None)
    if held is None or _is_taken(view, run):
        return None
    holders = [name for each in _holders(view, run) for name in each.held_by or ()]
    facts = [observed("its output", "held open after the hook's end", "the record of who reads it")]
    if holders:
        facts.append(observed("by whom", ", ".join(dict.fromkeys(holders)), "who had the pipe open at that moment"))
    facts += _took(run)
    by = ", ".join(dict.fromkeys(holders)) or "a process that it had started"
    return _cause("C5", run, f"{named(run)} had ended, and {by} held its output open", facts)


def _holders(view: AgentView, run: HookRun) -> Iterator[HookHolders | HookOverdue]:
    yield from (each for each in view.run.of(HookHolders) if each.run == run.started.run)
    yield from (each for each in view.run.of(HookOverdue) if each.run == run.started.run)


def _cut(view: AgentView, run: HookRun) -> ContextCause | None:
    """C4: the host ended the hook before it was done."""
    found = untold(view.run, run)
    if found is None or not found.cut:
        return None
    facts = _took(run)
    ended, limit = run.ended, run.started.timeout
    if ended is not None and ended.limit is not None:
        facts.append(observed("the limit", f"{ended.limit:g} s ({ended.ended_by})", RECORD))
    elif limit is not None:
        facts.append(observed("its timeout", f"{limit:g} s", "what the hook declares"))
    said = judged(view.run, run)
    if said is not None and said.words:
        facts.append(observed("the host's words", said.words[:_WORDS], "the host's own stream"))
    return _cause("C4", run, found.sentence, facts)


def _failed(view: AgentView, run: HookRun) -> ContextCause | None:
    """C2: the hook failed by its own doing."""
    failed, ended = failure(view.run, run), run.ended
    if failed is None or ended is None:
        return None
    how = "could not be started" if run.started.pid is None else f"exit status {ended.exit}"
    if ended.exit is None and run.started.pid is not None:
        how = f"ended by signal {ended.signal}"
    facts = [observed("its end", how, RECORD)]
    if last_line(ended.stderr):
        facts.append(observed("its last words", last_line(ended.stderr), "its stderr"))
    return _cause("C2", run, failed.sentence, facts)


def _refused(view: AgentView, run: HookRun) -> ContextCause | None:
    """C3: the hook ran whole, and the host refused what it printed."""
    if not speaks(run) or _is_open(view, run):
        return None
    made, words = output(view.run, run)
    if made != "refused":
        return None
    said = " ".join((words or "").split())[:_WORDS]
    facts = [observed("what it printed", _start(run), RECORD)]
    if said:
        facts.append(observed("the host's words", said, "what the host says of the run"))
    return _cause("C3", run, f"the host refused what {named(run)} printed{f': {said}' if said else ''}", facts)


def _elsewhere(loss: Loss, run: HookRun) -> ContextCause | None:
    """C6: what was said for one agent was told to another."""
    at = run.ended.seq if run.ended is not None else 0
    others = [name for name in [MAIN, *loss.view.children()] if name != loss.agent]
    for name in others:
        texts = [each for each in loss.view.leaked(name, list(loss.lines)) if each.request.seq > at]
        own = [each for each in loss.view.run.hooks if each.thread in {text.request.thread for text in texts}]
        if texts and not any(loss.speaks_of_it(each) for each in own):
            facts = [observed("for whom it ran", loss.agent, RECORD), *_where(texts[:1])]
            return _cause("C6", run, f"what {named(run)} said for {loss.agent} was told to {name}", facts)
    return None


def _to_size(loss: Loss, run: HookRun) -> ContextCause | None:
    """C7: only the beginning of it was told."""
    said = emitted(run) or _context(run)
    begun = next((each for each in _texts(loss.view, loss.agent) if _is_begun(said, each)), None)
    if begun is None or said.strip() in begun.text:
        return None
    size = len(said.encode())
    facts = [observed("said", f"{size} bytes", RECORD), *_where([begun])]
    sentence = f"of the {size} bytes that {named(run)} said the host told {loss.agent} no more than the beginning"
    return _cause("C7", run, sentence, facts)


def _taken_for_nothing(loss: Loss, run: HookRun) -> ContextCause | None:
    """C3: the host did not complain, and made no context of what is no document of one."""
    if run.ended is None or _is_open(loss.view, run) or emitted(run) or _context(run):
        return None
    no = "no JSON document" if document(run) is None else "a document without additionalContext where a host looks"
    facts = [
        observed("what it printed", _start(run), RECORD),
        inferred("what the host made of it", "nothing", f"it is {no}, and the text is in no request to the model"),
    ]
    return _cause("C3", run, f"the host made nothing of what {named(run)} printed: it is {no}", facts)


def _as_raw_text(run: HookRun, who: str, raw: Received) -> ContextCause:
    facts = [observed("what it printed", _start(run), RECORD), *_where([raw])]
    return _cause("C6", run, f"what {named(run)} printed is no JSON document: {who} was told it as raw text", facts)


def _raw(view: AgentView, run: HookRun) -> Received | None:
    """Where what a hook printed was told as it stands."""
    text = run.ended.stdout.strip()[:_BEGINNING] if run.ended is not None else ""
    agents = dict.fromkeys(filter(None, [view.agent_of(run), MAIN, *view.children()]))
    texts = (each for name in agents for each in _texts(view, name))
    return next((each for each in texts if text and text in each.text and each.request.seq > run.started.seq), None)


def _teller(view: AgentView, stray: Strayed, told: list[Received]) -> HookRun | None:
    """The hook that said it: the one that the check names, else the last one of the agent's that printed the text."""
    if stray.run is not None:
        return next((run for run in view.run.hooks if run.started.run == stray.run), None)
    threads = {each.request.thread for each in told}
    mine = [
        run for run in view.run.hooks if run.thread in threads and any(line in printed(run) for line in stray.lines)
    ]
    return mine[-1] if mine else None


def _texts(view: AgentView, agent: str | None) -> list[Received]:
    return view.received(agent) if agent is not None else []


def _is_begun(said: str, received: Received) -> bool:
    start = said.strip()[:_BEGINNING]
    return bool(start) and start in received.text


def _is_taken(view: AgentView, run: HookRun) -> bool:
    if run.ended is None or run.ended.ended_by != "itself" or given_up(view.run, run):
        return False
    return output(view.run, run)[0] == "taken"


def _is_open(view: AgentView, run: HookRun) -> bool:
    """Whether nobody can say what the hook would have said: it was cut, or failed."""
    return run.ended is None or untold(view.run, run) is not None or failure(view.run, run) is not None


def _context(run: HookRun) -> str:
    effects: Effects | None = run.ended.effects if run.ended is not None else None
    return (effects.context or "") if effects is not None else ""


def _where(texts: list[Received]) -> list[NamedFact]:
    return [observed("where it landed", f"{each.request.agent}: {each}", "the request to the model") for each in texts]


def _took(run: HookRun) -> list[NamedFact]:
    ended = run.ended
    if ended is None:
        return []
    ms = ended.ms if ended.ms is not None else ended.at - run.started.at
    return [observed("after how long", f"{ms / 1000:.1f} s", RECORD)]


def _whole(run: HookRun) -> str:
    said = f"printed {_start(run)}" if speaks(run) else "printed nothing"
    return f"exit status {run.ended.exit if run.ended is not None else None}, {said}"


def _start(run: HookRun) -> str:
    text = " ".join(run.ended.stdout.split()) if run.ended is not None else ""
    return repr(text if len(text) <= _BEGINNING else f"{text[:_BEGINNING]}…")


def _cause(name: ContextId, run: HookRun, sentence: str, facts: list[NamedFact]) -> ContextCause:
    return ContextCause(name, sentence, Fact(value=named(run), how=OBSERVED, why=RECORD), tuple(facts))
