"""Answers the host with JSON in which half a character stands."""

from __future__ import annotations

import os


def misbehave(_outside: str, _mark: str) -> None:
    answer = '{"hookEventName":"SessionStart","additionalContext":"lone \\ud800 surrogate"}'
    print(f'{{"hookSpecificOutput":{answer}}}', flush=True)
    os._exit(0)
