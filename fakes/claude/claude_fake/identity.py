"""The identity of an agent: the session, transcript and agent id that its hooks, shells and transcript lines carry.

An identity is made when a session or a subagent begins, is carried by every hook, shell and transcript line of it, and
is left alone afterwards; `/clear` makes a new one.
"""

from __future__ import annotations

import os


class Identity:
    """One agent as its hooks and shells see it."""

    def __init__(
        self,
        *,
        session_id: str,
        root_session_id: str,
        transcript_path: str,
        agent_id: str | None = None,
        agent_type: str | None = None,
        variables: dict[str, str] | None = None,
        in_main: Identity | None = None,
    ) -> None:
        """`in_main`: the same agent as main's session knows it, where it has a session of its own."""
        self.session_id = session_id
        self.root_session_id = root_session_id
        self.transcript_path = transcript_path
        self.agent_id = agent_id
        self.agent_type = agent_type
        self.variables = variables or {}
        self.in_main = in_main or self
        self.prompt_id: str | None = None


def new_uuid() -> str:
    """A random UUID, without the import of the uuid module."""
    digits = bytearray(os.urandom(16))
    digits[6] = digits[6] & 0x0F | 0x40
    digits[8] = digits[8] & 0x3F | 0x80
    text = digits.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def new_task_id(kind: str) -> str:
    """The ids of the real host: `b` and eight characters for a shell, `a` and sixteen hex digits for an agent."""
    if kind == "shell":
        alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
        return "b" + "".join(alphabet[byte % 36] for byte in os.urandom(8))
    return "a" + os.urandom(8).hex()


def slug(path: str) -> str:
    """How the host names a directory after a path."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in path)
