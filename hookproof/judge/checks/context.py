"""The checks of context: what each CTX requirement comes to in one run. Pure functions of the agent view.

Like the checks of jobs they say what was seen, in the words of the requirement's accepted outcomes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from hookproof.judge.agent_view import AgentFacts, AgentView, Landed, document, emitted, speaks
from hookproof.judge.run_view import MAIN, HookRun
from hookproof.judge.verdict import Seen

Check = Callable[[AgentView], Seen]

CUT_BYTES = 10_000
"""What a Codex hook may say before the host cuts it (measured on 0.130.0, 0.133.0 and 0.169.0: about 10 kB)."""


def _worst(view: AgentView, agents: Iterable[AgentFacts], good: str, evaluate: Callable[[AgentFacts], Seen]) -> Seen:
    """The first agent of which anything but `good` is seen; else what was seen of the last."""
    seen = Seen(None, "the scenario has no agent that this requirement is about")
    for agent in agents:
        seen = evaluate(agent) if view.asked(agent.name) else Seen(None, "its model was never asked")
        if seen.outcome != good:
            return Seen(seen.outcome, f"{agent.name}: {seen.detail}")
    return seen


def _shown(landed: Landed, line: str) -> str:
    found = next((each for each in landed.text.splitlines() if line in each), line)
    return f"{landed}: {found.strip()[:160]!r}"


def policy_reaches_main(view: AgentView) -> Seen:
    """CTX-01."""
    if not view.asked(MAIN):
        return Seen(None, "main's model was never asked")
    lines = view.says["policy"]
    landed = view.landed(MAIN, lines)
    if landed:
        return Seen("policy reaches main", _shown(landed[0], lines[0]))
    return Seen("no policy", f"none of {len(view.told(MAIN))} texts told to main carries it")


def _lines(view: AgentView, role: str) -> list[str]:
    says = view.says
    return [*says[role], *says["launcher"], *says["resolver"], says["runbook"]]


def block_of(view: AgentView, agent: str, role: str = "known") -> list[Landed]:
    """Where the whole block of a template reached an agent's model."""
    return view.landed(agent, _lines(view, role))


def block_reaches_child(view: AgentView) -> Seen:
    """CTX-02."""

    def evaluate(agent: AgentFacts) -> Seen:
        whole = block_of(view, agent.name, agent.role)
        if whole:
            return Seen("block reaches the child", _shown(whole[0], view.says[agent.role][0]))
        part = view.leaked(agent.name, view.says[agent.role])
        if not part:
            return Seen("no block", f"none of {len(view.told(agent.name))} texts told to it has its template's lines")
        absent = [line for line in _lines(view, agent.role) if line not in part[0].text]
        return Seen("incomplete block", f"{part[0]} lacks {absent[0]!r}")

    return _worst(view, view.with_role("known", "other"), "block reaches the child", evaluate)


def recorded_and_silent(view: AgentView) -> Seen:
    """CTX-03."""

    def evaluate(agent: AgentFacts) -> Seen:
        silent = _silence(view, agent)
        if silent.outcome != "silent":
            return silent
        files = view.records_of(agent.name, agent.parent)
        if not files:
            return Seen("not recorded", f"no record names it under its parent; {silent.detail}")
        return Seen("recorded, silent", f"recorded in {files[0]}")

    return _worst(view, view.with_role("unknown"), "recorded, silent", evaluate)


def _silence(view: AgentView, agent: AgentFacts) -> Seen:
    """silent, emitted, failed or timed out, over an agent's start hooks."""
    runs = view.starts(agent.name)
    for run in runs:
        outcome = _outcome(run)
        if outcome is not None:
            return outcome
    return Seen("silent", f"{len(runs)} start hook(s) ran for it and said nothing")


def _outcome(run: HookRun) -> Seen | None:
    """What is wrong with a hook run that should have been silent."""
    if run.ended is None:
        return Seen(None, f"its {run.event} hook never ended")
    if run.ended.ended_by != "itself":
        return Seen("timed out", f"its {run.event} hook was ended by {run.ended.ended_by}")
    if run.ended.exit != 0:
        return Seen("failed", f"its {run.event} hook exited {run.ended.exit}: {run.ended.stderr[-300:]!r}")
    if speaks(run):
        return Seen("emitted", f"its {run.event} hook said {run.ended.stdout[:200]!r}")
    return None


def _unrecorded(view: AgentView, role: str) -> Seen:
    def evaluate(agent: AgentFacts) -> Seen:
        seen = _silence(view, agent)
        files = view.records_of(agent.name)
        if seen.outcome == "silent" and files:
            return Seen("recorded", f"a record names it: {files[0]}")
        return seen

    return _worst(view, view.with_role(role), "silent", evaluate)


def unidentified_is_silent(view: AgentView) -> Seen:
    """CTX-04."""
    return _unrecorded(view, "unidentified")


def orphan_is_silent(view: AgentView) -> Seen:
    """CTX-05."""
    return _unrecorded(view, "orphan")


def json_or_nothing(view: AgentView) -> Seen:
    """CTX-06."""
    runs = [run for run in view.view.hooks if run.ended is not None]
    for run in runs:
        if speaks(run) and not isinstance(document(run), dict):
            said = str(run.ended.stdout)[:200] if run.ended is not None else ""
            return Seen("something else", f"the {run.event} hook said {said!r}")
    return Seen("JSON or nothing" if runs else None, f"{len(runs)} hook runs")


def policy_absent(view: AgentView) -> Seen:
    """CTX-07 and CTX-09."""
    children = view.children()
    if not children:
        return Seen(None, "no child's model was ever asked")
    for name in children:
        leaked = view.leaked(name, view.says["policy"])
        if leaked:
            line = next(line for line in view.says["policy"] if line in leaked[0].text)
            return Seen("main policy in a child", f"{name}: {_shown(leaked[0], line)}")
    return Seen("absent", f"{len(children)} child thread(s) were asked, and told nothing of it")


def first_line_decides(view: AgentView) -> Seen:
    """CTX-08."""

    def evaluate(agent: AgentFacts) -> Seen:
        said = [run for run in view.starts(agent.name) if any(line in emitted(run) for line in view.says["policy"])]
        if said or view.leaked(agent.name, view.says["policy"]):
            return Seen("parent's identity", "it was given what a main session is given")
        if not view.records_of(agent.name, agent.parent):
            return Seen("not recorded", "no record names it under its parent")
        return Seen("child's identity", "recorded under its parent, and told nothing of main's")

    return _worst(view, [agent for agent in view.agents if agent.forked], "child's identity", evaluate)


def review_is_silent(view: AgentView) -> Seen:
    """CTX-10."""
    return _worst(view, view.with_role("review"), "silent", lambda agent: _silence(view, agent))


def nested_is_recorded_and_told(view: AgentView) -> Seen:
    """CTX-11."""

    def evaluate(agent: AgentFacts) -> Seen:
        if not view.records_of(agent.name, agent.parent):
            return Seen("not recorded under its parent", f"no record names it under {agent.parent}")
        landed = block_of(view, agent.name, agent.role)
        if not landed:
            return Seen("no block", "its model was not told its template's lines")
        return Seen("recorded and told", str(landed[0]))

    nested = [agent for agent in view.agents if agent.parent not in {None, MAIN}]
    return _worst(view, nested, "recorded and told", evaluate)


def block_once(view: AgentView) -> Seen:
    """CTX-12."""

    def evaluate(agent: AgentFacts) -> Seen:
        count = len(view.leaked(agent.name, view.says[agent.role]))
        events = ", ".join(run.event for run in view.starts(agent.name) if emitted(run)) or "no hook"
        return Seen({0: "never", 1: "once"}.get(count, f"{count} times"), f"by {events}")

    return _worst(view, view.with_role("known", "other"), "once", evaluate)


def right_template(view: AgentView) -> Seen:
    """CTX-13."""

    def evaluate(agent: AgentFacts) -> Seen:
        wrong = "other" if agent.role == "known" else "known"
        if view.leaked(agent.name, view.says[wrong]):
            return Seen("wrong template", f"it was told the lines of the {wrong} agent's template")
        landed = block_of(view, agent.name, agent.role)
        return Seen("right template", str(landed[0])) if landed else Seen("no template", "it was told no block")

    return _worst(view, view.with_role("known", "other"), "right template", evaluate)


def nickname_selects_nothing(view: AgentView) -> Seen:
    """CTX-14."""

    def evaluate(agent: AgentFacts) -> Seen:
        landed = view.leaked(agent.name, [*view.says["known"], *view.says["other"]])
        return Seen("block", str(landed[0])) if landed else Seen("no block", "it was told no template's lines")

    return _worst(view, view.with_role("nickname"), "no block", evaluate)


def told_once_each(view: AgentView) -> Seen:
    """CTX-15."""
    if not view.asked(MAIN):
        return Seen(None, "main's model was never asked")
    told = [landed.thread for landed in view.leaked(MAIN, view.says["policy"])]
    counts = {_number(MAIN, number): told.count(thread) for number, thread in enumerate(view.threads(MAIN))}
    for agent in view.with_role("known", "other"):
        if not view.asked(agent.name):
            return Seen(None, f"{agent.name}: its model was never asked")
        counts[agent.name] = len(view.leaked(agent.name, view.says[agent.role]))
    shown = ", ".join(f"{name} {count} times" for name, count in counts.items())
    return Seen("once each" if set(counts.values()) == {1} else "not once each", f"told: {shown}")


def _number(name: str, number: int) -> str:
    """How the threads of an agent are called: the first like the agent."""
    return name if number == 0 else f"{name}, thread {number + 1}"


def hostile_is_silent(view: AgentView) -> Seen:
    """CTX-16."""
    return _worst(view, view.with_role("hostile"), "silent", lambda agent: _silence(view, agent))


def below_the_cut(view: AgentView) -> Seen:
    """CTX-17."""
    blocks = [emitted(run) for agent in view.agents for run in view.starts(agent.name) if emitted(run)]
    if not any(view.asked(agent.name) for agent in view.agents):
        return Seen(None, "no child's model was ever asked")
    if not blocks:
        return Seen("no block", "no start hook of a child said anything")
    longest = max(len(block.encode()) for block in blocks)
    return Seen("below the cut" if longest < CUT_BYTES else "cut", f"{longest} bytes, of {CUT_BYTES}")


def same_on_both_hosts(view: AgentView) -> Seen:
    """CTX-18."""
    blocks: dict[str, str] = {}
    for run in view.view.hooks:
        text = emitted(run)
        if run.event in {"SessionStart", "SubagentStart"} and text and _is_block(view, text):
            host = "codex" if run.started.source == "codex" else "claude"
            blocks.setdefault(host, text)
    for host in ("claude", "codex"):
        if host not in blocks:
            return Seen(f"no block on {host}", f"no start hook gave the known agent's block on {host}")
    claude, codex = (_without(blocks[host], view.says["per_host"]) for host in ("claude", "codex"))
    if claude == codex:
        return Seen("equal", f"{len(claude)} lines, the launcher's aside")
    differing = next((pair for pair in zip(claude, codex, strict=False) if pair[0] != pair[1]), None)
    detail = f"{len(claude)} and {len(codex)} lines" if differing is None else f"{differing[0]!r} and {differing[1]!r}"
    return Seen("different", f"Claude and Codex: {detail}")


def _is_block(view: AgentView, text: str) -> bool:
    return any(line in text for line in view.says["known"])


def _without(block: str, patterns: list[str]) -> list[str]:
    lines = (line.rstrip() for line in block.strip().splitlines())
    return [line for line in lines if not any(re.search(pattern, line) for pattern in patterns)]


CONTEXT_CHECKS: dict[str, Check] = {
    "CTX-01": policy_reaches_main,
    "CTX-02": block_reaches_child,
    "CTX-03": recorded_and_silent,
    "CTX-04": unidentified_is_silent,
    "CTX-05": orphan_is_silent,
    "CTX-06": json_or_nothing,
    "CTX-07": policy_absent,
    "CTX-08": first_line_decides,
    "CTX-09": policy_absent,
    "CTX-10": review_is_silent,
    "CTX-11": nested_is_recorded_and_told,
    "CTX-12": block_once,
    "CTX-13": right_template,
    "CTX-14": nickname_selects_nothing,
    "CTX-15": told_once_each,
    "CTX-16": hostile_is_silent,
    "CTX-17": below_the_cut,
    "CTX-18": same_on_both_hosts,
}
