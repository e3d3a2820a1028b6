"""A token for each test, and nobody left with it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from hookproof.processes import Instant, instant, sweep

from .programs import SECONDS


@pytest.fixture
def since() -> Instant:
    """Before anything of this test began."""
    return instant()


@pytest.fixture
def token(since: Instant) -> Iterator[str]:
    """A token of this test's own. Whatever carries it is ended afterwards."""
    token = secrets.token_hex(16)
    yield token
    assert not sweep(token, since=since, seconds=SECONDS).left
