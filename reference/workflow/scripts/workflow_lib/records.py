"""What the plugin remembers between two hooks: who was told, and which agent was started by whom.

    sessions/THREAD.json            {"thread_id", "announced": true}
    subagents/PARENT/AGENT.json     {"agent_id", "agent_type", "parent_thread_id"}

Each fact is a file of its own that appears whole and never changes. So no lock is needed, hooks that run at the same
moment lose nothing, and of two that would tell a thread the same thing exactly one does.
"""

from __future__ import annotations

import os
import sys

from . import Json, plain_json


class Records:
    def __init__(self, project_root: str) -> None:
        plugin_data = os.environ.get("PLUGIN_DATA") or os.environ.get("CLAUDE_PLUGIN_DATA")
        self._home = plugin_data or os.path.join(project_root, ".workflow", "state")

    def announce(self, thread_id: str) -> bool:
        """Note that a thread is being told; whether that is news. Where nothing can be noted, it is told again."""
        return self._note({"thread_id": thread_id, "announced": True}, "sessions", thread_id)

    def subagent_started(self, parent_thread_id: str, agent_id: str, agent_type: str) -> None:
        """Note an agent under the thread that started it; the first word on it stands."""
        fact: Json = {"agent_id": agent_id, "agent_type": agent_type, "parent_thread_id": parent_thread_id}
        self._note(fact, "subagents", parent_thread_id, agent_id)

    def _note(self, fact: Json, *where: str) -> bool:
        path = os.path.join(self._home, *map(_safe, where)) + ".json"
        own = f"{path}.{os.getpid()}"
        try:
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            with open(own, "w", encoding="utf-8") as file:
                file.write(plain_json.dumps(fact))
            try:
                os.link(own, path)  # unlike a rename, refuses where a file stands already
            except FileExistsError:
                return False
            finally:
                os.unlink(own)
        except (OSError, ValueError) as error:
            print(f"workflow: cannot note {fact}: {error}", file=sys.stderr)
        return True


def _safe(name: str) -> str:
    """Ids come from outside and become file names."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name)[:100]
