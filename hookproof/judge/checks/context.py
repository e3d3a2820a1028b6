"""The checks of context: what reached the model of each agent. Pure functions of the agent view."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from hookproof.catalogue.scenario import MAIN
from hookproof.judge.agent_view import STARTS, AgentFacts, AgentView, document, emitted, speaks
from hookproof.judge.checks.registry import context_check
from hookproof.judge.run_view import HookRun, Received
from hookproof.judge.verdict import Finding, Missed, Strayed
from hookproof.records import Record

CUT_BYTES = 10_000
"""What a Codex hook may say before the host cuts it (measured on 0.130.0, 0.133.0 and 0.169.0: about 10 kB)."""
BLOCK_REACHES_CHILD, LEAK, NO_BLOCK = "block reaches the child", "main policy in a child", "no block"
POLICY_REACHES_MAIN, RECORDED_SILENT = "policy reaches main", "recorded, silent"


def _worst(
    view: AgentView, agents: Iterable[AgentFacts], good: str, evaluate: Callable[[AgentFacts], Finding]
) -> Finding:
    """The first agent of which anything but `good` is found; else what was found of the last.

    What shows at no record of its own shows where the agent asks its model for the first time.
    """
    found = Finding(None, "the scenario has no agent that this requirement is about")
    for agent in agents:
        request = view.first_request(agent.name)
        found = evaluate(agent) if request is not None else Finding(None, "its model was never asked")
        found = replace(found, agent=agent.name, at=found.at or request)
        if found.outcome != good:
            return replace(found, detail=f"{agent.name}: {found.detail}")
    return found


def found_at(outcome: str, detail: str, received: Received, agent: str | None = None) -> Finding:
    """A finding that shows where a text reached a model."""
    return Finding(outcome, detail, received.request, agent, received.landed)


def _shown(received: Received, line: str) -> str:
    found = next((each for each in received.text.splitlines() if line in each), line)
    return f"{received}: {found.strip()[:160]!r}"


@context_check("CTX-01")
def policy_reaches_main(view: AgentView) -> Finding:
    """Whether the main session is told its policy."""
    request = view.first_request(MAIN)
    if request is None:
        return Finding(None, "main's model was never asked", agent=MAIN)
    lines = view.says["policy"]
    landed = view.landed(MAIN, lines)
    if landed:
        return found_at(POLICY_REACHES_MAIN, _shown(landed[0], lines[0]), landed[0], MAIN)
    none = f"none of {len(view.received(MAIN))} texts told to main carries it"
    return Finding("no policy", none, request, MAIN, context=Missed(MAIN, tuple(lines)))


def _lines(view: AgentView, role: str) -> list[str]:
    says = view.says
    runbook = [says["runbook"]] if says.get("runbook") else []
    return [*says[role], *says["launcher"], *says["resolver"], *runbook]


def _missed(view: AgentView, agent: AgentFacts) -> Missed:
    """The template of an agent that was not told it."""
    return Missed(agent.name, tuple(view.says[agent.role]))


def _block_of(view: AgentView, agent: AgentFacts) -> list[Received]:
    """Where the whole block of its template reached an agent's model."""
    return view.landed(agent.name, _lines(view, agent.role))


@context_check("CTX-02")
def block_reaches_child(view: AgentView) -> Finding:
    """Whether a child with a template is told all of it."""

    def evaluate(agent: AgentFacts) -> Finding:
        whole = _block_of(view, agent)
        if whole:
            return found_at(BLOCK_REACHES_CHILD, _shown(whole[0], view.says[agent.role][0]), whole[0])
        part = view.leaked(agent.name, view.says[agent.role])
        if not part:
            texts = len(view.received(agent.name))
            none = f"none of {texts} texts told to it has its template's lines"
            return Finding(NO_BLOCK, none, context=_missed(view, agent))
        absent = [line for line in _lines(view, agent.role) if line not in part[0].text]
        found = found_at("incomplete block", f"{part[0]} lacks {absent[0]!r}", part[0])
        return replace(found, context=Missed(agent.name, tuple(absent)))

    return _worst(view, view.with_role("known", "other"), BLOCK_REACHES_CHILD, evaluate)


@context_check("CTX-03")
def recorded_and_silent(view: AgentView) -> Finding:
    """Whether a child without a template is recorded under its parent, and told nothing."""

    def evaluate(agent: AgentFacts) -> Finding:
        silent = _silence(view, agent)
        if silent.outcome != "silent":
            return silent
        files = view.records_of(agent.name, agent.parent)
        if not files:
            return Finding("not recorded", f"no record names it under its parent; {silent.detail}", view.recorded)
        return Finding(RECORDED_SILENT, f"recorded in {files[0]}", view.recorded)

    return _worst(view, view.with_role("unknown"), RECORDED_SILENT, evaluate)


@context_check("CTX-19")
def told_nothing(view: AgentView) -> Finding:
    """Whether a child without a template is told nothing by its start hooks."""
    return _worst(view, view.with_role("unknown"), "silent", lambda agent: _silence(view, agent))


def _silence(view: AgentView, agent: AgentFacts) -> Finding:
    """silent, emitted, failed or timed out, over an agent's start hooks."""
    runs = view.starts(agent.name)
    for run in runs:
        outcome = _outcome(run, agent.name)
        if outcome is not None:
            return outcome
    spoke = next((run for run in view.starts_for_nobody() if speaks(run)), None)
    if spoke is not None:
        detail = f"a {spoke.event} hook spoke for the thread {spoke.thread}, of which no model request is known"
        return Finding(None, f"{detail}: whether for this agent, nothing tells", spoke.ended)
    ran = f"{len(runs)} start hook(s) ran for it and said nothing" if runs else "no start hook ran for it"
    return Finding("silent", ran)


def _outcome(run: HookRun, agent: str) -> Finding | None:
    """What is wrong with a hook run that should have been silent."""
    if run.ended is None:
        return Finding(None, f"its {run.event} hook never ended", run.started)
    if run.ended.ended_by != "itself":
        return Finding("timed out", f"its {run.event} hook was ended by {run.ended.ended_by}", run.ended)
    if run.ended.exit != 0:
        detail = f"its {run.event} hook exited {run.ended.exit}: {run.ended.stderr[-300:]!r}"
        return Finding("failed", detail, run.ended)
    if speaks(run):
        said = f"its {run.event} hook said {run.ended.stdout[:200]!r}"
        return Finding("emitted", said, run.ended, context=Strayed(agent, run=run.started.run))
    return None


def _unrecorded(view: AgentView, role: str) -> Finding:
    def evaluate(agent: AgentFacts) -> Finding:
        found = _silence(view, agent)
        files = view.records_of(agent.name)
        if found.outcome == "silent" and files:
            return Finding("recorded", f"a record names it: {files[0]}", view.recorded)
        return found

    return _worst(view, view.with_role(role), "silent", evaluate)


@context_check("CTX-04")
def unidentified_is_silent(view: AgentView) -> Finding:
    """Whether a child that cannot be identified is neither told anything nor recorded."""
    return _unrecorded(view, "unidentified")


@context_check("CTX-05")
def orphan_is_silent(view: AgentView) -> Finding:
    """The same, of a child whose parent cannot be told."""
    return _unrecorded(view, "orphan")


@context_check("CTX-06")
def json_or_nothing(view: AgentView) -> Finding:
    """Whether every hook prints one JSON document or nothing."""
    runs = [run for run in view.run.hooks if run.ended is not None]
    for run in runs:
        if run.ended is not None and speaks(run) and not isinstance(document(run), dict):
            detail = f"the {run.event} hook said {str(run.ended.stdout)[:200]!r}"
            agent = view.agent_of(run)
            return Finding("something else", detail, run.ended, agent, context=Strayed(agent, run=run.started.run))
    return Finding("JSON or nothing" if runs else None, f"{len(runs)} hook runs", runs[-1].ended if runs else None)


@context_check("CTX-07", "CTX-09")
def policy_absent(view: AgentView) -> Finding:
    """Whether no child is told the main session's policy."""
    children = view.children()
    if not children:
        return Finding(None, "no child's model was ever asked")
    for name in children:
        leaked = view.leaked(name, view.says["policy"])
        if leaked:
            line = next(line for line in view.says["policy"] if line in leaked[0].text)
            found = found_at(LEAK, f"{name}: {_shown(leaked[0], line)}", leaked[0], name)
            return replace(found, context=Strayed(name, tuple(view.says["policy"])))
    return Finding("absent", f"{len(children)} child thread(s) were asked, and told nothing of it")


@context_check("CTX-08")
def first_line_decides(view: AgentView) -> Finding:
    """Whether a forked child is taken for itself, and not for the parent whose history it begins with."""

    def evaluate(agent: AgentFacts) -> Finding:
        policy = view.says["policy"]
        policy_runs = [run for run in view.starts(agent.name) if any(line in emitted(run) for line in policy)]
        leaked = view.leaked(agent.name, policy)
        if policy_runs or leaked:
            at = policy_runs[0].ended if policy_runs else leaked[0].request
            given = "it was given what a main session is given"
            return Finding("parent's identity", given, at, context=Strayed(agent.name, tuple(policy)))
        if not view.records_of(agent.name, agent.parent):
            return Finding("not recorded", "no record names it under its parent", view.recorded)
        return Finding("child's identity", "recorded under its parent, and told nothing of main's", view.recorded)

    return _worst(view, [agent for agent in view.agents if agent.forked], "child's identity", evaluate)


@context_check("CTX-10")
def review_is_silent(view: AgentView) -> Finding:
    """Whether a review's thread is told nothing."""
    return _worst(view, view.with_role("review"), "silent", lambda agent: _silence(view, agent))


@context_check("CTX-11")
def nested_is_recorded_and_given_its_template(view: AgentView) -> Finding:
    """Whether a child's child is recorded under its own parent, and told its template."""

    def evaluate(agent: AgentFacts) -> Finding:
        if not view.records_of(agent.name, agent.parent):
            detail = f"no record names it under {agent.parent}"
            return Finding("not recorded under its parent", detail, view.recorded)
        landed = _block_of(view, agent)
        if not landed:
            return Finding(NO_BLOCK, "its model was not told its template's lines", context=_missed(view, agent))
        return found_at("recorded and told", str(landed[0]), landed[0])

    nested = [agent for agent in view.agents if agent.parent not in {None, MAIN}]
    return _worst(view, nested, "recorded and told", evaluate)


@context_check("CTX-12")
def block_once(view: AgentView) -> Finding:
    """How often a child is told its template."""

    def evaluate(agent: AgentFacts) -> Finding:
        leaked = view.leaked(agent.name, view.says[agent.role])
        events = ", ".join(run.event for run in view.starts(agent.name) if emitted(run)) or "no hook"
        outcome = {0: "never", 1: "once"}.get(len(leaked), f"{len(leaked)} times")
        # of several the second is the one too many
        if not leaked:
            return Finding(outcome, f"by {events}", context=_missed(view, agent))
        return found_at(outcome, f"by {events}", leaked[:2][-1])

    return _worst(view, view.with_role("known", "other"), "once", evaluate)


@context_check("CTX-13")
def right_template(view: AgentView) -> Finding:
    """Whether a child is told its own template, and not another's."""

    def evaluate(agent: AgentFacts) -> Finding:
        wrong = "other" if agent.role == "known" else "known"
        leaked = view.leaked(agent.name, view.says[wrong])
        if leaked:
            found = found_at("wrong template", f"it was told the lines of the {wrong} agent's template", leaked[0])
            return replace(found, context=Strayed(agent.name, tuple(view.says[wrong])))
        landed = _block_of(view, agent)
        if not landed:
            return Finding("no template", "it was told no block", context=_missed(view, agent))
        return found_at("right template", str(landed[0]), landed[0])

    return _worst(view, view.with_role("known", "other"), "right template", evaluate)


@context_check("CTX-14")
def nickname_selects_nothing(view: AgentView) -> Finding:
    """Whether a child whose nickname reads like an agent's name is told no template."""

    def evaluate(agent: AgentFacts) -> Finding:
        landed = view.leaked(agent.name, [*view.says["known"], *view.says["other"]])
        if not landed:
            return Finding(NO_BLOCK, "it was told no template's lines")
        told = (*view.says["known"], *view.says["other"])
        return replace(found_at("block", str(landed[0]), landed[0]), context=Strayed(agent.name, told))

    return _worst(view, view.with_role("nickname"), NO_BLOCK, evaluate)


@context_check("CTX-16")
def hostile_is_silent(view: AgentView) -> Finding:
    """Whether a child with a hostile transcript is told nothing."""
    return _worst(view, view.with_role("hostile"), "silent", lambda agent: _silence(view, agent))


@context_check("CTX-17")
def below_the_cut(view: AgentView) -> Finding:
    """How long the longest block of a child is."""
    requests = [request for agent in view.agents if (request := view.first_request(agent.name)) is not None]
    if not requests:
        return Finding(None, "no child's model was ever requests")
    blocks = [(emitted(run), run, agent.name) for agent in view.agents for run in view.starts(agent.name)]
    blocks = [each for each in blocks if each[0]]
    if not blocks:
        return Finding(NO_BLOCK, "no start hook of a child said anything", requests[0], requests[0].agent)
    block, run, name = max(blocks, key=lambda each: len(each[0].encode()))
    longest = len(block.encode())
    outcome = "below the cut" if longest < CUT_BYTES else "cut"
    end = block.strip().splitlines()[-1:]
    missed = None if view.leaked(name, end) else Missed(name, tuple(end), run.thread)
    return Finding(outcome, f"{longest} bytes, of {CUT_BYTES}", run.ended, name, context=missed)


@context_check("CTX-18")
def same_on_both_hosts(view: AgentView) -> Finding:
    """Whether the known agent's block is the same on both hosts, the launcher's lines aside."""
    blocks: dict[str, HookRun] = {}
    for run in view.run.hooks:
        if run.event in STARTS and _is_block(view, emitted(run)):
            blocks.setdefault(_host(run), run)
    for host in ("claude", "codex"):
        if host not in blocks:
            detail = f"no start hook gave the known agent's block on {host}"
            return Finding(f"no block on {host}", detail, _last_start(view, host))
    claude, codex = (_without(emitted(blocks[host]), view.says["per_host"]) for host in ("claude", "codex"))
    at = blocks["codex"].ended
    if claude == codex:
        return Finding("equal", f"{len(claude)} lines, the launcher's aside", at)
    differing = next((pair for pair in zip(claude, codex, strict=False) if pair[0] != pair[1]), None)
    detail = f"{len(claude)} and {len(codex)} lines" if differing is None else f"{differing[0]!r} and {differing[1]!r}"
    return Finding("different", f"Claude and Codex: {detail}", at)


def _host(run: HookRun) -> str:
    return "codex" if run.started.source == "codex" else "claude"


def _last_start(view: AgentView, host: str) -> Record | None:
    """The end of the last start hook on a host, of which none gave a block; the run's where none ran."""
    ends = [run.ended for run in view.run.hooks if run.event in STARTS and _host(run) == host and run.ended is not None]
    return ends[-1] if ends else view.run.end


def _is_block(view: AgentView, text: str) -> bool:
    return any(line in text for line in view.says["known"])


def _without(block: str, patterns: list[str]) -> list[str]:
    lines = (line.rstrip() for line in block.strip().splitlines())
    return [line for line in lines if not any(re.search(pattern, line) for pattern in patterns)]
