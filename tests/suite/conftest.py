"""A plugin whose hook stays, and where it is met."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from staying_hook import listening, plugin_that_stays


@pytest.fixture
def meeting() -> Iterator[socket.socket]:
    with listening() as server:
        yield server


@pytest.fixture
def plugin(tmp_path: Path, meeting: socket.socket) -> Path:
    return plugin_that_stays(tmp_path, meeting)
