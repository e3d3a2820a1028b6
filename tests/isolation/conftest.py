"""What the tests of the isolation share: a place that is seen from inside, and who plays there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from open_place import open_place
from playing_inside import refused


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that can be seen from inside."""
    with open_place() as made:
        yield made


@pytest.fixture
def namespaces() -> None:
    """Skips the test where there is no such isolation, and says why."""
    why = refused()
    if why is not None:
        pytest.skip(why)
