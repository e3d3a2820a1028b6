"""Sends the model server two hundred times what it does not understand."""

from __future__ import annotations

import json

from manner_help import ask_model

STEP = json.dumps({"model": "x", "input": [{"role": "user", "content": "job=review"}], "stream": False}).encode()


def misbehave(_outside: str, _mark: str) -> None:
    for number in range(200):
        ask_model("/v1/messages", b"{")
        ask_model("/v1/messages", b"[" * 50000)
        ask_model("/v1/responses", b"null" if number else STEP)
        ask_model("/nothing", b"")
