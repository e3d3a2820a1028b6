"""Checks of any plugin's hooks that take a whole conversation: its end, its stops, what is told, what is declared."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hookproof.judge.agent_view import document, emitted
from hookproof.judge.checks.budgets import CUT, out_of_budget, took_ms
from hookproof.judge.checks.context import CUT_BYTES
from hookproof.judge.checks.registry import run_check
from hookproof.judge.hook_runs import dropped, dropped_sentence, hook_runs, named, named_command, untold
from hookproof.judge.run_view import HookRun, RunView
from hookproof.judge.session_end import cut_hooks
from hookproof.judge.verdict import Finding
from hookproof.records.hosts import HooksDeclared, HostPrepared
from hookproof.records.model import ModelLoop
from hookproof.records.parts import DeclaredHook
from hookproof.records.sent import HooksDropped

IN_BUDGET, LETS_GO, HOLDS, WHOLE, CAN_FIRE = (
    "returns in budget",
    "lets go",
    "does not let go",
    "whole",
    "can fire",
)
NEVER_BLOCKED, NOTHING_TOLD, TOO_LONG, UNKNOWN_EVENT, NO_MATCH, PASSED_OVER = (
    "never blocked",
    "nothing told",
    "cut to size",
    "unknown event",
    "matches nothing",
    "passed over",
)
_STOPS = ("Stop", "SubagentStop")
_REFUSES = 2
_SUBJECTS = {
    "SessionStart": ("startup", "resume", "clear", "compact", "fork"),
    "SessionEnd": ("clear", "resume", "logout", "prompt_input_exit", "bypass_permissions_disabled", "other"),
    "PreCompact": ("manual", "auto"),
    "PostCompact": ("manual", "auto"),
}
"""What a matcher of these events is held against, on any release (documented; Codex has fewer)."""
_WORDS = re.compile(r"[A-Za-z0-9_|]*")


@run_check("HOOK-04")
def ends_in_budget(view: RunView) -> Finding:
    """How the SessionEnd hooks ended. The host's own budget is the measure."""
    runs = [run for run in hook_runs(view) if run.event == "SessionEnd"]
    if not runs:
        return Finding.not_tested("no SessionEnd hook ran")
    cuts = {cut.run.started.run: cut for cut in cut_hooks(view)}
    took = [(took_ms(run.started, run.ended), run, run.ended) for run in runs if run.ended is not None]
    late: list[Finding] = []
    for ms, run, ended in took:
        cut, found = cuts.get(run.started.run), out_of_budget(view, run, ended, ms)
        if found is not None and (cut is None or not cut.asked):
            late.append(found if cut is None or not found.tested else Finding(CUT, cut.sentence, cut.ended))
    if late:
        return min(late, key=lambda each: not each.tested)
    unended = next((run for run in runs if run.ended is None or untold(view, run) is not None), None)
    if unended is not None:
        return Finding.not_tested(f"{named(unended)} did not come to an end of its own", unended.started)
    longest, _, slowest = max(took, key=lambda each: each[0])
    return Finding(IN_BUDGET, f"{len(runs)} hook run(s), the longest took {longest:.0f} ms", slowest)


@run_check("HOOK-07")
def lets_go(view: RunView) -> Finding:
    """Whether an agent that a Stop or SubagentStop hook has kept from stopping could stop in the end."""
    loop = next(iter(view.of(ModelLoop)), None)
    if loop is not None:
        hook = named_command(loop.event, loop.command)
        return Finding(
            HOLDS, f"{hook} had {loop.agent} go on {loop.requests} times, and would not stop", loop, loop.agent
        )
    runs = [run for run in hook_runs(view) if run.event in _STOPS]
    if not runs:
        return Finding.not_tested("no Stop or SubagentStop hook ran")
    blocked = [run for run in runs if _blocks(run)]
    if not blocked:
        return Finding(NEVER_BLOCKED, f"{len(runs)} hook run(s)", runs[-1].ended)
    last = {(run.event, run.thread, run.started.command): run for run in runs}
    held = next((run for run in last.values() if _blocks(run)), None)
    if held is not None:
        times = sum(1 for run in blocked if run.started.command == held.started.command)
        return Finding(
            HOLDS, f"{named(held)} blocked {times} time(s), to the last: its host let the turn end", held.ended
        )
    return Finding(LETS_GO, f"{len(blocked)} of {len(runs)} hook run(s) blocked, and none to the last", runs[-1].ended)


@run_check("HOOK-08")
def stays_whole(view: RunView) -> Finding:
    """How long the longest text is that a hook has a model told."""
    told = [(len(text.encode()), run) for run in hook_runs(view) if (text := emitted(run))]
    if not told:
        return Finding(NOTHING_TOLD, "no hook had a model told anything")
    longest, run = max(told, key=lambda each: each[0])
    outcome = WHOLE if longest < CUT_BYTES else TOO_LONG
    return Finding(outcome, f"{named(run)} told {longest} bytes, of {CUT_BYTES}", run.ended)


@run_check("HOOK-16")
def each_can_fire(view: RunView) -> Finding:
    """Whether the release knows each event that is declared, and each matcher fits something."""
    record = next((each for each in view.of(HooksDeclared) if each.host == view.case.host.name), None)
    if record is None or record.unread is not None:
        return Finding(None, f"nobody could read what the plugin declares: {record.unread if record else 'no record'}")
    if not record.hooks:
        return Finding.not_tested(f"the plugin declares no hook for {record.host}", record)
    unknown, fitting = _not_known(view, record), _fitting(record)
    return fitting if fitting.outcome == NO_MATCH else unknown or fitting


def _not_known(view: RunView, record: HooksDeclared) -> Finding | None:
    """That the release does not know what is declared, or takes none of it for that; None where it knows all."""
    none = dropped(view)
    why = dropped_sentence(none) if none is not None else None
    if isinstance(none, HooksDropped) and none.inferred is None:
        return Finding(UNKNOWN_EVENT, str(why), none)
    events = dict.fromkeys(each.event for each in _unknown(view, record))
    unknown = ", ".join(event for event in events if event not in record.passed_over)
    release = view.case.like or "this release"
    if not unknown:
        if none is not None:
            return Finding(UNKNOWN_EVENT, str(why), none)
        known = ", ".join(f"{event} (known to {record.passed_over[event]})" for event in events)
        return Finding(PASSED_OVER, f"{release} passes over {known}", record) if events else None
    if not record.measured and not _listed(view):
        why = f"{release} does not know {unknown}, and nobody has measured whether the release that was played does"
        return Finding.not_tested(why, record)
    told = f"{release} does not know {unknown}: its hooks never run"
    return Finding(UNKNOWN_EVENT, "; ".join(filter(None, [told, why])), record)


def _fitting(record: HooksDeclared) -> Finding:
    """Of events that are all known, whether each matcher fits something."""
    for hook in record.hooks:
        if hook.matcher is not None and (why := _fits_nothing(hook.event, hook.matcher)) is not None:
            return Finding(NO_MATCH, f"{named_command(hook.event, hook.command or '')} never runs: {why}", record)
    events = dict.fromkeys(each.event for each in record.hooks)
    return Finding(CAN_FIRE, f"{len(record.hooks)} hook(s) for {', '.join(events)}", record)


def _unknown(view: RunView, record: HooksDeclared) -> Iterator[DeclaredHook]:
    """What is declared for an event that the release does not know: it does not list it, or never did when measured."""
    listed = _listed(view)
    for hook in record.hooks:
        if listed:
            if hook.command is not None and not hook.asynchronous and hook.event not in listed:
                yield hook
        elif record.known_events is not None and hook.event not in record.known_events:
            yield hook


def _listed(view: RunView) -> set[str]:
    """The events of the hooks that a host lists by itself; empty where none does."""
    events = (hook.event for prepared in view.of(HostPrepared) for hook in prepared.hooks)
    return {each[:1].upper() + each[1:] for each in events}


def _fits_nothing(event: str, matcher: str) -> str | None:
    """Why a matcher can fit nothing that its event is about; None where it can, or nobody knows all that there is."""
    subjects = _SUBJECTS.get(event)
    if _WORDS.fullmatch(matcher):
        words = matcher.split("|")
        misses = subjects is not None and not set(words) & set(subjects)
    else:
        try:
            pattern = re.compile(matcher)
        except re.error as error:
            return f"its matcher {matcher!r} is no regular expression ({error})"
        misses = subjects is not None and not any(pattern.search(each) for each in subjects)
    return f"its matcher {matcher!r} fits none of {', '.join(subjects or ())}" if misses else None


def _blocks(run: HookRun) -> bool:
    """Whether a hook has asked its host not to let the agent stop."""
    ended = run.ended
    if ended is None:
        return False
    if ended.effects is not None:
        return ended.effects.decision is not None
    value = document(run)
    said = value.get("decision") if isinstance(value, dict) else None
    return ended.exit == _REFUSES or (ended.exit == 0 and said == "block")
