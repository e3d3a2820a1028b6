"""The checks of context: what each CTX requirement comes to in one run. Pure functions of the agents' story.

Like the checks of jobs they say what was seen, in the words of the requirement's accepted outcomes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from hookproof.judge.agent_view import AgentFacts, AgentStory, Landed, document, emitted, speaks
from hookproof.judge.run_view import MAIN, HookRun
from hookproof.judge.verdict import Seen

Check = Callable[[AgentStory], Seen]

CUT_BYTES = 10_000
"""What a Codex hook may say before the host cuts it (measured on 0.130.0, 0.133.0 and 0.169.0: about 10 kB)."""


def _worst(story: AgentStory, agents: Iterable[AgentFacts], good: str, look: Callable[[AgentFacts], Seen]) -> Seen:
    """The first agent of which anything but `good` is seen; else what was seen of the last."""
    seen = Seen(None, "the scenario has no agent that this requirement is about")
    for agent in agents:
        seen = look(agent) if story.asked(agent.name) else Seen(None, "its model was never asked")
        if seen.outcome != good:
            return Seen(seen.outcome, f"{agent.name}: {seen.detail}")
    return seen


def _shown(landed: Landed, line: str) -> str:
    found = next((each for each in landed.text.splitlines() if line in each), line)
    return f"{landed}: {found.strip()[:160]!r}"


def policy_reaches_main(story: AgentStory) -> Seen:
    """CTX-01."""
    if not story.asked(MAIN):
        return Seen(None, "main's model was never asked")
    lines = story.says["policy"]
    landed = story.landed(MAIN, lines)
    if landed:
        return Seen("policy reaches main", _shown(landed[0], lines[0]))
    return Seen("no policy", f"none of {len(story.told(MAIN))} texts told to main carries it")


def _lines(story: AgentStory, role: str) -> list[str]:
    says = story.says
    return [*says[role], *says["launcher"], *says["resolver"], says["runbook"]]


def block_of(story: AgentStory, agent: str, role: str = "known") -> list[Landed]:
    """Where the whole block of a template reached an agent's model."""
    return story.landed(agent, _lines(story, role))


def block_reaches_child(story: AgentStory) -> Seen:
    """CTX-02."""

    def look(agent: AgentFacts) -> Seen:
        whole = block_of(story, agent.name, agent.role)
        if whole:
            return Seen("block reaches the child", _shown(whole[0], story.says[agent.role][0]))
        part = story.leaked(agent.name, story.says[agent.role])
        if not part:
            return Seen("no block", f"none of {len(story.told(agent.name))} texts told to it has its template's lines")
        absent = [line for line in _lines(story, agent.role) if line not in part[0].text]
        return Seen("incomplete block", f"{part[0]} lacks {absent[0]!r}")

    return _worst(story, story.with_role("known", "other"), "block reaches the child", look)


def recorded_and_silent(story: AgentStory) -> Seen:
    """CTX-03."""

    def look(agent: AgentFacts) -> Seen:
        silent = _silence(story, agent)
        if silent.outcome != "silent":
            return silent
        files = story.records_of(agent.name, agent.parent)
        if not files:
            return Seen("not recorded", f"no record names it under its parent; {silent.detail}")
        return Seen("recorded, silent", f"recorded in {files[0]}")

    return _worst(story, story.with_role("unknown"), "recorded, silent", look)


def _silence(story: AgentStory, agent: AgentFacts) -> Seen:
    """silent, emitted, failed or timed out, over an agent's start hooks."""
    runs = story.starts(agent.name)
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


def _unrecorded(story: AgentStory, role: str) -> Seen:
    def look(agent: AgentFacts) -> Seen:
        seen = _silence(story, agent)
        files = story.records_of(agent.name)
        if seen.outcome == "silent" and files:
            return Seen("recorded", f"a record names it: {files[0]}")
        return seen

    return _worst(story, story.with_role(role), "silent", look)


def unidentified_is_silent(story: AgentStory) -> Seen:
    """CTX-04."""
    return _unrecorded(story, "unidentified")


def orphan_is_silent(story: AgentStory) -> Seen:
    """CTX-05."""
    return _unrecorded(story, "orphan")


def json_or_nothing(story: AgentStory) -> Seen:
    """CTX-06."""
    runs = [run for run in story.story.hooks if run.ended is not None]
    for run in runs:
        if speaks(run) and not isinstance(document(run), dict):
            said = str(run.ended.stdout)[:200] if run.ended is not None else ""
            return Seen("something else", f"the {run.event} hook said {said!r}")
    return Seen("JSON or nothing" if runs else None, f"{len(runs)} hook runs")


def policy_absent(story: AgentStory) -> Seen:
    """CTX-07 and CTX-09."""
    children = story.children()
    if not children:
        return Seen(None, "no child's model was ever asked")
    for name in children:
        leaked = story.leaked(name, story.says["policy"])
        if leaked:
            line = next(line for line in story.says["policy"] if line in leaked[0].text)
            return Seen("main policy in a child", f"{name}: {_shown(leaked[0], line)}")
    return Seen("absent", f"{len(children)} child thread(s) were asked, and told nothing of it")


def first_line_decides(story: AgentStory) -> Seen:
    """CTX-08."""

    def look(agent: AgentFacts) -> Seen:
        said = [run for run in story.starts(agent.name) if any(line in emitted(run) for line in story.says["policy"])]
        if said or story.leaked(agent.name, story.says["policy"]):
            return Seen("parent's identity", "it was given what a main session is given")
        if not story.records_of(agent.name, agent.parent):
            return Seen("not recorded", "no record names it under its parent")
        return Seen("child's identity", "recorded under its parent, and told nothing of main's")

    return _worst(story, [agent for agent in story.agents if agent.forked], "child's identity", look)


def review_is_silent(story: AgentStory) -> Seen:
    """CTX-10."""
    return _worst(story, story.with_role("review"), "silent", lambda agent: _silence(story, agent))


def nested_is_recorded_and_told(story: AgentStory) -> Seen:
    """CTX-11."""

    def look(agent: AgentFacts) -> Seen:
        if not story.records_of(agent.name, agent.parent):
            return Seen("not recorded under its parent", f"no record names it under {agent.parent}")
        landed = block_of(story, agent.name, agent.role)
        if not landed:
            return Seen("no block", "its model was not told its template's lines")
        return Seen("recorded and told", str(landed[0]))

    nested = [agent for agent in story.agents if agent.parent not in {None, MAIN}]
    return _worst(story, nested, "recorded and told", look)


def block_once(story: AgentStory) -> Seen:
    """CTX-12."""

    def look(agent: AgentFacts) -> Seen:
        count = len(story.leaked(agent.name, story.says[agent.role]))
        events = ", ".join(run.event for run in story.starts(agent.name) if emitted(run)) or "no hook"
        return Seen({0: "never", 1: "once"}.get(count, f"{count} times"), f"by {events}")

    return _worst(story, story.with_role("known", "other"), "once", look)


def right_template(story: AgentStory) -> Seen:
    """CTX-13."""

    def look(agent: AgentFacts) -> Seen:
        wrong = "other" if agent.role == "known" else "known"
        if story.leaked(agent.name, story.says[wrong]):
            return Seen("wrong template", f"it was told the lines of the {wrong} agent's template")
        landed = block_of(story, agent.name, agent.role)
        return Seen("right template", str(landed[0])) if landed else Seen("no template", "it was told no block")

    return _worst(story, story.with_role("known", "other"), "right template", look)


def nickname_selects_nothing(story: AgentStory) -> Seen:
    """CTX-14."""

    def look(agent: AgentFacts) -> Seen:
        landed = story.leaked(agent.name, [*story.says["known"], *story.says["other"]])
        return Seen("block", str(landed[0])) if landed else Seen("no block", "it was told no template's lines")

    return _worst(story, story.with_role("nickname"), "no block", look)


def told_once_each(story: AgentStory) -> Seen:
    """CTX-15."""
    if not story.asked(MAIN):
        return Seen(None, "main's model was never asked")
    told = [landed.thread for landed in story.leaked(MAIN, story.says["policy"])]
    counts = {_number(MAIN, number): told.count(thread) for number, thread in enumerate(story.threads(MAIN))}
    for agent in story.with_role("known", "other"):
        if not story.asked(agent.name):
            return Seen(None, f"{agent.name}: its model was never asked")
        counts[agent.name] = len(story.leaked(agent.name, story.says[agent.role]))
    shown = ", ".join(f"{name} {count} times" for name, count in counts.items())
    return Seen("once each" if set(counts.values()) == {1} else "not once each", f"told: {shown}")


def _number(name: str, number: int) -> str:
    """How the threads of an agent are called: the first like the agent."""
    return name if number == 0 else f"{name}, thread {number + 1}"


def hostile_is_silent(story: AgentStory) -> Seen:
    """CTX-16."""
    return _worst(story, story.with_role("hostile"), "silent", lambda agent: _silence(story, agent))


def below_the_cut(story: AgentStory) -> Seen:
    """CTX-17."""
    blocks = [emitted(run) for agent in story.agents for run in story.starts(agent.name) if emitted(run)]
    if not any(story.asked(agent.name) for agent in story.agents):
        return Seen(None, "no child's model was ever asked")
    if not blocks:
        return Seen("no block", "no start hook of a child said anything")
    longest = max(len(block.encode()) for block in blocks)
    return Seen("below the cut" if longest < CUT_BYTES else "cut", f"{longest} bytes, of {CUT_BYTES}")


def same_on_both_hosts(story: AgentStory) -> Seen:
    """CTX-18."""
    blocks: dict[str, str] = {}
    for run in story.story.hooks:
        text = emitted(run)
        if run.event in {"SessionStart", "SubagentStart"} and text and _is_block(story, text):
            host = "codex" if run.started.source == "codex" else "claude"
            blocks.setdefault(host, text)
    for host in ("claude", "codex"):
        if host not in blocks:
            return Seen(f"no block on {host}", f"no start hook gave the known agent's block on {host}")
    claude, codex = (_without(blocks[host], story.says["per_host"]) for host in ("claude", "codex"))
    if claude == codex:
        return Seen("equal", f"{len(claude)} lines, the launcher's aside")
    differing = next((pair for pair in zip(claude, codex, strict=False) if pair[0] != pair[1]), None)
    detail = f"{len(claude)} and {len(codex)} lines" if differing is None else f"{differing[0]!r} and {differing[1]!r}"
    return Seen("different", f"Claude and Codex: {detail}")


def _is_block(story: AgentStory, text: str) -> bool:
    return any(line in text for line in story.says["known"])


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
