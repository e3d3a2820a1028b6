"""Does nothing: a copy like all the others, to show that the copying does no harm."""

from __future__ import annotations


def misbehave(_outside: str, _mark: str) -> None:
    raise AssertionError("a copy with good manners never comes here")
