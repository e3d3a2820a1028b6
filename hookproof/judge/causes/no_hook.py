"""C1: why no hook ran that could have told an agent a text. Asked by `causes.context`.

Told by what the plugin declares (`hooks.declared`), by what fired, by what the host lists and trusts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from hookproof.judge.agent_view import STARTS
from hookproof.judge.causes.culprit import Fact, NamedFact
from hookproof.judge.causes.told import OBSERVED, ContextCause, Loss, inferred, observed
from hookproof.judge.hook_runs import TELLS, dropped, dropped_sentence, named_command
from hookproof.records.hosts import HooksDeclared, HostPrepared, HostThread
from hookproof.records.parts import DeclaredHook, Hook
from hookproof.records.sent import EventUnheard, HooksDropped, PluginNotLoaded, SessionStarted, SubagentStarted

_SUBJECTS = {"SessionStart": "source", "SubagentStart": "agent_type"}
"""What of a payload the matcher of a start hook is held against."""
_FILES = "the plugin's hooks files"
_WORDS = re.compile(r"[A-Za-z0-9_|]*")


@dataclass(frozen=True, slots=True)
class _Fired:
    """A start event of the agent's, with what a matcher is held against."""

    event: str
    subject: str | None
    how: NamedFact


def all_dropped(loss: Loss) -> ContextCause | None:
    """The host runs none of the plugin's hooks."""
    record = dropped(loss.view.run)
    if record is None:
        return None
    if isinstance(record, HooksDropped) and record.inferred is not None:
        fact = inferred("what it ran", "no hook", record.inferred)
    else:
        fact = observed("not taken by it", _not_taken(record), "the host's own record")
    return ContextCause("C1", dropped_sentence(record), Fact(value=record.release, how=fact.how, why=fact.why), (fact,))


def _not_taken(record: HooksDropped | PluginNotLoaded) -> str:
    if isinstance(record, PluginNotLoaded):
        return record.unfit
    return ", ".join(record.events) or str(record.misfit)


def known_teller(loss: Loss) -> ContextCause | None:
    """The hook that says it elsewhere did not run here: its matcher does not fit, or it is not trusted."""
    says_it = {run.started.command for run in loss.view.run.hooks if loss.speaks_of_it(run)}
    for fired in _fired(loss):
        for hook in _unrun(loss, fired):
            found = _kept_back(loss, fired, hook) if hook.command in says_it else None
            if found is not None:
                return found
    return None


def any_reason(loss: Loss) -> ContextCause | None:
    """Why no hook ran at a start of the agent's, or why one of several did not."""
    fired = list(_fired(loss))
    for each in fired:
        for hook in _unrun(loss, each):
            found = _kept_back(loss, each, hook)
            if found is not None:
                return found
    return _not_listed(loss) or next(filter(None, (_not_declared(loss, each) for each in fired)), None)


def _fired(loss: Loss) -> Iterator[_Fired]:
    """The start events of the agent's threads: those that somebody has seen; else the one that is known to fire."""
    found = {(each.event, each.subject): each for each in (*_inferred_main(loss), *_seen(loss))}
    yield from found.values()
    if not found:
        yield from _inferred_child(loss)


def _seen(loss: Loss) -> Iterator[_Fired]:
    for run in loss.runs:
        if run.event in STARTS:
            subject = run.started.payload.get(_SUBJECTS[run.event])
            yield _event(run.event, None if subject is None else str(subject), "another hook of the plugin ran for it")
    view = loss.view.run
    for unheard in view.of(EventUnheard):
        thread = unheard.thread_id or unheard.agent_id or unheard.session_id
        if unheard.event in STARTS and thread in loss.threads and unheard.seq > loss.since:
            yield _event(unheard.event, unheard.subject, "the host's own record, of an event for which it ran no hook")
    # by a stand-in the table of its lifecycle says what fires at such a moment, and `unheard` that it did
    if view.of(EventUnheard):
        return
    for began in view.of(SessionStarted):
        if began.agent_id is None and began.session_id in loss.threads and began.seq > loss.since:
            yield _event("SessionStart", began.how, "a hook of hookproof's own heard it")
    declared = _declared(loss)
    fires = declared is not None and "SubagentStart" in (declared.child_starts or ())
    for sub in view.of(SubagentStarted):
        if fires and sub.agent_id in loss.threads:
            yield _event("SubagentStart", sub.agent_type, "a hook of hookproof's own heard it")


def _event(event: str, subject: str | None, why: str) -> _Fired:
    about = f" ({subject})" if subject else ""
    return _Fired(event, subject, observed("what fired", f"{event}{about}", why))


def _inferred_main(loss: Loss) -> Iterator[_Fired]:
    """A client of Codex has opened a thread: SessionStart fires with its first turn."""
    for opened in loss.view.run.of(HostThread):
        if opened.thread in loss.threads and opened.seq > loss.since:
            fact = inferred("what fired", f"SessionStart ({opened.how})", "a client had the thread opened so")
            yield _Fired("SessionStart", opened.how, fact)


def _inferred_child(loss: Loss) -> Iterator[_Fired]:
    declared, first = _declared(loss), loss.view.first_request(loss.agent)
    if declared is None or first is None or first.parent is None:
        return
    for event in declared.child_starts or ():
        why = f"what fires when an agent starts another, as measured of {loss.view.run.case.like or 'that release'}"
        yield _Fired(event, None, inferred("what fires", event, why))


def _declared(loss: Loss) -> HooksDeclared | None:
    """What the plugin declares for the host of the agent; None where nobody has written it down, or could read it."""
    threads, view = loss.threads, loss.view.run
    sources = [run.started.source for run in view.hooks if run.thread in threads]
    sources += [each.source for each in view.of(EventUnheard) if (each.agent_id or each.session_id) in threads]
    host = next((each for each in sources if each), view.case.host.name)
    found = next((each for each in view.of(HooksDeclared) if each.host == host), None)
    return None if found is None or found.unread is not None else found


def _unrun(loss: Loss, fired: _Fired) -> list[DeclaredHook]:
    """The hooks that are declared for an event and did not run for the agent."""
    declared = _declared(loss)
    ran = {run.started.command for run in loss.runs if run.event == fired.event}
    hooks = declared.hooks if declared is not None else []
    return [each for each in hooks if each.event == fired.event and each.command and each.command not in ran]


def _kept_back(loss: Loss, fired: _Fired, hook: DeclaredHook) -> ContextCause | None:
    """Why a hook did not run although its event fired; None where nobody knows."""
    name = named_command(hook.event, hook.command or "")
    if fired.subject is not None and hook.matcher is not None and _fits(hook.matcher, fired.subject) is False:
        facts = (
            fired.how,
            observed("its matcher", hook.matcher, _FILES),
            inferred("why it did not run", "the matcher does not fit", f"it was held against {fired.subject!r}"),
        )
        sentence = f"{name} did not run: its matcher {hook.matcher!r} does not fit {fired.subject!r}"
        return ContextCause("C1", sentence, Fact(value=name, how=OBSERVED, why=_FILES), facts)
    listed = [each for each in _listed(loss) if _same_event(each, hook.event)]
    if listed and all(each.trusted is False for each in listed):
        untrusted = (fired.how, observed("trusted", "no", "what the host lists of its hooks"))
        sentence = f"{name} did not run: the host does not trust it"
        return ContextCause("C1", sentence, Fact(value=name, how=OBSERVED, why=_FILES), untrusted)
    return None


def _not_listed(loss: Loss) -> ContextCause | None:
    """An event that could have told the agent is declared, and the host lists no hook of it: it does not know it."""
    declared, listed = _declared(loss), _listed(loss)
    if declared is None or not _prepared(loss):
        return None
    for hook in declared.hooks:
        asynchronous = hook.asynchronous or hook.command is None
        if hook.event in TELLS and not asynchronous and not any(_same_event(each, hook.event) for each in listed):
            name = named_command(hook.event, hook.command or "")
            facts = (
                observed("declared for", hook.event, _FILES),
                observed("what the host lists", _events_of(listed), "what the host lists of its hooks"),
            )
            sentence = f"{name} did not run: the host does not list it, so this release does not know {hook.event}"
            return ContextCause("C1", sentence, Fact(value=name, how=OBSERVED, why=_FILES), facts)
    return None


def _not_declared(loss: Loss, fired: _Fired) -> ContextCause | None:
    """The plugin has no hook for what fired."""
    declared = _declared(loss)
    if declared is None or any(each.event == fired.event for each in declared.hooks):
        return None
    events = ", ".join(dict.fromkeys(each.event for each in declared.hooks)) or "nothing"
    facts = (fired.how, observed("declared for", events, _FILES))
    about = f" ({fired.subject})" if fired.subject else ""
    fires = "fired" if fired.how.how == OBSERVED else "fires"
    sentence = f"{fired.event}{about} {fires} for {loss.agent}, and the plugin declares hooks for {events} only"
    return ContextCause("C1", sentence, Fact(value=fired.event, how=fired.how.how, why=fired.how.why), facts)


def _fits(matcher: str, subject: str) -> bool | None:
    """Whether a matcher fits, as both hosts read one: plain words whole, anything else as a regular expression.

    None for one that Python cannot read: what the host made of it nobody knows.
    """
    if _WORDS.fullmatch(matcher):
        return subject in matcher.split("|")
    try:
        return re.search(matcher, subject) is not None
    except re.error:
        return None


def _prepared(loss: Loss) -> list[HostPrepared]:
    """What the host of the agent has listed; nothing of one that lists none."""
    declared = _declared(loss)
    return [each for each in loss.view.run.of(HostPrepared) if declared is not None and each.host == declared.host]


def _listed(loss: Loss) -> list[Hook]:
    return [hook for prepared in _prepared(loss) for hook in prepared.hooks]


def _same_event(listed: Hook, event: str) -> bool:
    return listed.event[:1].upper() + listed.event[1:] == event


def _events_of(listed: list[Hook]) -> str:
    names = dict.fromkeys(each.event[:1].upper() + each.event[1:] for each in listed)
    return f"hooks for {', '.join(names)}" if names else "no hook"
