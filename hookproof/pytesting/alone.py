"""pytest: cases about time run while no other case does, although xdist's workers know nothing of each other.

They stand last in the order of the items. A worker that plays one waits for the cases of the others, and lets them
wait. Other tests than scenarios do not wait.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from hookproof.locks import wait_lock


@contextlib.contextmanager
def in_turn(config: pytest.Config, *, alone: bool) -> Iterator[None]:
    """While the block runs, no case of another worker does that is to run alone; and none at all, where this one is."""
    if not hasattr(config, "workerinput"):
        yield
        return
    factory: pytest.TempPathFactory = config._tmp_path_factory  # type: ignore[attr-defined]
    common = factory.getbasetemp().parent
    # whoever is to be alone holds the door while it waits, so that it is not overtaken for ever
    door = wait_lock(common / "hookproof-door", shared=not alone)
    try:
        room = wait_lock(common / "hookproof-room", shared=not alone)
    finally:
        if not alone:
            door.close()
    try:
        yield
    finally:
        room.close()
        door.close()
