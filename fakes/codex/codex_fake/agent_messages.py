"""Messages from one agent to another: their form in the receiver's history, and their delivery into its thread."""

from __future__ import annotations

import json

from .agents import notice
from .identity import ROOT_PATH, of
from .preamble import input_text, user_message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .agents import Agent
    from .identity import Identity
    from .lifecycle import Lifecycle
    from .threads import Thread

    Json = dict[str, Any]


def post(thread: Thread, item: Json, *, pressing: bool) -> None:
    """Put something into a thread's history: before the next request of its turn, or now if it rests.

    Words in the second set's form wait for a turn; what is pressing keeps a running turn from ending.
    """
    with thread.lock:
        if thread.turn is not None or item.get("role") != "user":
            of(thread).messages.append((item, pressing))
            return
        thread.items.append(item)
    thread.keep(("response_item", item))


def notify_parent(rows: Lifecycle, who: Identity, agent: Agent, final: Json) -> None:
    """Notify the parent of an agent's end, before any call that waits: the notice follows that output at once."""
    parent = who.parent
    if parent is None:
        return
    if who.path is None:
        if not agent.noticed:
            post(parent, user_message(notice(who.thread_id, final)), pressing=True)
    elif rows["v2_task"] == "agent message":
        above, said = of(parent).path or ROOT_PATH, next(iter(final.values())) or ""
        post(parent, agent_message("FINAL_ANSWER", who.path, above, said), pressing=False)
    else:
        above = of(parent).path or ROOT_PATH
        post(parent, between(who.path, above, notice(who.path, final), pressing=False), pressing=False)
    agent.noticed = True


def between(author: str, recipient: str, words: str, *, pressing: bool) -> Json:
    """As 0.130 and 0.133 write it down: a message of the assistant's, its text a JSON object."""
    said = {"author": author, "recipient": recipient, "other_recipients": [], "content": words}
    text = json.dumps({**said, "trigger_turn": pressing}, separators=(",", ":"), ensure_ascii=False)
    return {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}


def agent_message(kind: str, author: str, recipient: str, words: str) -> Json:
    """As 0.169 does: an item of its own. What a model has written for another is said to be encrypted."""
    head = f"Message Type: {kind}\nTask name: {recipient}\nSender: {author}\nPayload:\n"
    if kind == "FINAL_ANSWER":
        parts = [input_text(head + words)]
    else:
        parts = [input_text(head), {"type": "encrypted_content", "encrypted_content": words}]
    return {"type": "agent_message", "author": author, "recipient": recipient, "content": parts}
