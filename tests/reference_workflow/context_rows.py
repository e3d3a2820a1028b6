"""The CTX rows of the requirement catalogue, asked of a world by running its hooks: row → whether it is satisfied.

A row that the host's version gives no occasion for is satisfied. Absence of the main policy is asked of what hooks add;
that a forked child inherits its parent's history is the host's doing.
"""

from __future__ import annotations

import re
from typing import Any

from workflow_world import Json, Run, World

MAIN = "You are the main session of a project"
MAIN_RULE = "One issue says one thing."
PLANNER = "You plan one issue of"
IMPLEMENTER = "You build one planned issue of"
DAMAGED = (b"\x00\xff\xfe" * 500_000, b"not json\n", b"[" * 300_000, b'{"a":' * 100_000, b"")


def without_launcher(block: str) -> str:
    return re.sub(r"<launcher>.*?</launcher>", "", block, flags=re.DOTALL)


def drop(*keys: str) -> object:
    def forge(meta: Json) -> None:
        for key in keys:
            meta.pop(key, None)
            if isinstance(meta.get("source"), dict):
                meta["source"]["subagent"]["thread_spawn"].pop(key, None)

    return forge


class Rows:
    def __init__(self, world: World) -> None:
        self.world = world
        self.root = world.new_id()

    def violated(self) -> set[str]:
        rows = sorted(name for name in dir(self) if name.startswith("ctx_"))
        rows.append(rows.pop(rows.index("ctx_06")))  # asked of every run there was
        return {row.upper().replace("_", "-") for row in rows if not getattr(self, row)()}

    def child(self, **how: Any) -> tuple[str, Run]:
        thread = self.world.new_id()
        return thread, self.world.child(thread, parent=self.root, **how)

    def nothing_happened(self, thread: str, run: Run) -> bool:
        return run.is_silent and thread not in self.world.subagents()

    def ctx_01(self) -> bool:
        context = self.world.main().context
        return MAIN in context and MAIN_RULE in context

    def ctx_02(self) -> bool:
        context = self.child(role="issue-planner")[1].context
        return all(part in context for part in ("<launcher>", "<authoring-resolver>", "<runbook>", PLANNER))

    def ctx_03(self) -> bool:
        thread, run = self.child(role="worker")
        return run.is_silent and self.world.subagents().get(thread, {}).get("parent_thread_id") == self.root

    def ctx_04(self) -> bool:
        other = b'{"type":"event_msg","payload":{"type":"task_started"}}\n'
        return self.nothing_happened(*self.child(role="issue-planner", raw=other))

    def ctx_05(self) -> bool:
        return self.nothing_happened(*self.child(role="issue-planner", forge=drop("parent_thread_id")))

    def ctx_06(self) -> bool:
        return all(run.is_json_or_empty for run in self.world.runs)

    def ctx_07(self) -> bool:
        return not any(MAIN in self.child(role=role)[1].context for role in ("issue-planner", "worker", None))

    def ctx_08(self) -> bool:
        thread, _ = self.child(role="issue-planner", forked=True)
        return self.world.subagents().get(thread, {}).get("agent_type") == "issue-planner"

    def ctx_09(self) -> bool:
        return MAIN not in self.child(role="explorer", gone=True)[1].context

    def ctx_10(self) -> bool:
        thread = self.world.new_id()
        return self.nothing_happened(thread, self.world.review(thread))

    def ctx_11(self) -> bool:
        direct, _ = self.child(role="issue-planner")
        thread = self.world.new_id()
        run = self.world.child(thread, parent=direct, root=self.root, role="issue-implementer")
        record = self.world.subagents().get(thread, {})
        return record.get("parent_thread_id") == direct and IMPLEMENTER in run.context

    def ctx_12(self) -> bool:
        return not self.world.is_native or self.child(role="issue-planner")[1].context.count(PLANNER) == 1

    def ctx_13(self) -> bool:
        def named(meta: Json) -> None:
            meta["agent_name"] = "issue-implementer"

        def nicknamed(meta: Json) -> None:
            meta["agent_nickname"] = "issue-planner"

        first = self.child(role="issue-planner", forge=named)[1].context
        return IMPLEMENTER in first and PLANNER in self.child(forge=nicknamed)[1].context

    def ctx_14(self) -> bool:
        return "<runbook>" not in self.child(nickname="issue-planner")[1].context

    def ctx_15(self) -> bool:
        thread = self.world.new_id()
        told = [MAIN in self.world.main(thread, source).context for source in ("startup", "resume", "clear")]
        child, first = self.child(role="issue-planner")
        again = self.world.resumed_child(child, parent=self.root, role="issue-planner")
        return told == [True, False, True] and (first.context + again.context).count(PLANNER) <= 1

    def ctx_16(self) -> bool:
        children = (self.child(role="issue-planner", raw=raw)[1] for raw in DAMAGED)
        return all(run.is_silent for run in (*children, self.world.main(raw=DAMAGED[0])))

    def ctx_17(self) -> bool:
        return len(self.child(role="issue-planner")[1].context.encode()) < 10_000

    def ctx_18(self) -> bool:
        claude = self.world.hook(
            {
                "hook_event_name": "SubagentStart",
                "session_id": self.root,
                "agent_id": "a-claude-agent",
                "agent_type": "hookproof-workflow:issue-planner",
                "cwd": str(self.world.project),
            },
            script="hook_claude.py",
        ).context
        codex = self.child(role="issue-planner")[1].context
        return without_launcher(claude) == without_launcher(codex)
