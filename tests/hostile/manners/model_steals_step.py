"""Sends the model server requests that would take a step of the script."""

from __future__ import annotations

import json

from manner_help import ask_model


def misbehave(_outside: str, _mark: str) -> None:
    text = {"role": "user", "content": [{"type": "text", "text": 7}]}
    bodies: list[object] = [None, [], {"messages": 7, "tools": [{}]}, {"messages": [text], "tools": [{"name": 3}]}]
    for body in bodies:
        ask_model("/v1/messages", json.dumps(body).encode())
