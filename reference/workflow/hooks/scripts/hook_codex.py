"""Codex's hook: the main policy for a main session, its own block for a subagent, silence for everybody else.

A subagent's start is a SessionStart on 0.130.0, told from the main session's by the child's rollout alone, and a
SubagentStart from 0.133.0 on. Either way the child gets launcher, authoring resolver and its own runbook, never the
main policy; and its identity is recorded under the thread that spawned it. See AGENTS.md.
"""

from __future__ import annotations

import os
import sys

PLUGIN_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(PLUGIN_ROOT, "scripts"))

from workflow_lib import Json, context, policy, project, rollout, wire  # noqa: E402
from workflow_lib.records import Records  # noqa: E402

_SOURCES = ("startup", "resume", "clear", "compact")
_PAYLOAD_AGENT_KEYS = ("agent_id", "agent_type", "parent_thread_id")  # no measured SessionStart has one


class Hook:
    """One run: who has begun, and what it is to be told."""

    def __init__(self, payload: Json, rules: policy.Policy, config: project.Config) -> None:
        self._payload = payload
        self._rules = rules
        self._config = config
        self._records = Records(config.root)
        self._thread = wire.text(payload, "agent_id") or wire.text(payload, "session_id")

    def session_start(self) -> str:
        meta = self._session_meta() if self._rules.reads_rollout else None
        in_payload = any(self._payload.get(key) is not None for key in _PAYLOAD_AGENT_KEYS)
        if in_payload or (meta and rollout.marks_agent(meta)):
            return self._child(meta, is_told=self._rules.block_at_session_start)
        if self._rules.wants_proof and not (meta and rollout.proves_main(meta)):
            return ""
        source = wire.text(self._payload, "source")
        if source not in _SOURCES or not self._starts_anew(source):
            return ""
        return context.build_session_start_context(self._config, PLUGIN_ROOT, "codex", self._rules.main_words)

    def _starts_anew(self, source: str) -> bool:
        """Whether main is told at this start, of a session that may have been told before."""
        is_new = self._records.announce(self._thread)
        if source == "compact":
            return self._rules.codex_compact_tells
        return is_new or source != "resume" or self._rules.codex_resume_tells

    def subagent_start(self) -> str:
        if self._rules.subagent_start == "rollout":
            return self._child(self._session_meta(), is_told=True)
        if self._rules.subagent_start == "payload" and self._thread:
            name = wire.text(self._payload, "agent_type")
            self._records.subagent_started(wire.text(self._payload, "session_id"), self._thread, name)
            return self._block(name)
        return ""

    def _child(self, meta: Json | None, *, is_told: bool) -> str:
        """Record the child; its block. Without metadata or a parent there is no telling whose child it is."""
        parent = rollout.parent_thread_id(meta) if meta else ""
        if not meta or not parent or not self._thread:
            return ""
        name = rollout.agent_name(meta, self._rules.drawn_nickname_selects)
        self._records.subagent_started(parent, self._thread, name)
        return self._block(name) if is_told else ""

    def _block(self, name: str) -> str:
        block = context.build_subagent_start_context(self._config, PLUGIN_ROOT, "codex", name)
        return block if block and (not self._rules.block_once or self._records.announce(self._thread)) else ""

    def _session_meta(self) -> Json | None:
        """The thread's metadata; to those who want proof, only if the line names the very thread that has begun."""
        meta = rollout.session_meta(self._payload.get("transcript_path"))
        is_own = bool(meta and self._thread and wire.text(meta, "id") == self._thread)
        return meta if is_own or not self._rules.wants_proof else None


def answer(payload: Json) -> str:
    """What the thread that the event is about is told."""
    event = wire.text(payload, "hook_event_name")
    config = project.config_for(wire.text(payload, "cwd")) if event in ("SessionStart", "SubagentStart") else None
    if config is None:
        return ""
    hook = Hook(payload, policy.of_this_plugin(), config)
    return hook.session_start() if event == "SessionStart" else hook.subagent_start()


if __name__ == "__main__":
    sys.exit(wire.serve(answer))
