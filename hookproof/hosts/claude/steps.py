"""What a scenario says in the words of Codex, said by the model of Claude Code. Asked for each script of a case.

A child thread is an agent there: the call that starts it also waits for it, and comes back with what it has said.
"""

from __future__ import annotations

from collections.abc import Sequence

from hookproof.catalogue.model_step import Agent, AnyStep, Spawn, Wait

_ANY = "general-purpose"
"""What is started where a call names no type."""


def said(script: Sequence[AnyStep]) -> list[AnyStep]:
    """The same script for Claude Code."""
    return [_said(step) for step in script if not isinstance(step, Wait)]


def _said(step: AnyStep) -> AnyStep:
    if not isinstance(step, Spawn):
        return step
    return Agent(
        call="Agent",
        subagent_type=step.agent_type or _ANY,
        prompt=step.message,
        name=step.name,
        after=step.after,
        if_told=step.if_told,
        unless_told=step.unless_told,
    )
