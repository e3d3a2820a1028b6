"""Hooks that print without measure: the turn goes on, the record is cut and says so, and the host stays small."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from codex_hooks_bench import Bench, opened

MIB = 1024 * 1024


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    with opened(tmp_path, monkeypatch, "0.169") as (bench, _):
        yield bench


def fired(world: Bench, code: str, event: str = "SessionStart", *, seconds: float | None = None) -> tuple[dict, int]:
    """The record of the hook's end, and the most memory that was had for it."""
    world.declare(**{event: [code]})
    world.trust()
    tracemalloc.start()
    try:
        world.fire(event, seconds=seconds)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    (ended,) = world.told("hook.ended")
    return ended, most


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_hundred_megabytes_are_read_to_their_end_and_cut_in_the_record(world: Bench, stream: str) -> None:
    ended, most = fired(world, f"for _ in range(100): sys.{stream}.write('x' * {MIB})\nsys.{stream}.flush()")
    assert (ended["exit"], ended["ended_by"]) == (0, "itself")
    assert ended[stream] == "x" * MIB
    assert ended[f"{stream}_bytes"] == 100 * MIB
    assert ended["effects"]["output"] == "taken"
    assert most < 60 * MIB


def test_a_hook_that_prints_without_end_is_ended_at_its_timeout(world: Bench) -> None:
    ended, most = fired(world, "while True: os.write(1, b'y' * 65536)", seconds=1)
    assert (ended["exit"], ended["ended_by"]) == (None, "timeout")
    assert ended["stdout_bytes"] > MIB
    assert most < 60 * MIB


def test_a_document_longer_than_the_stand_in_keeps_is_not_taken_and_told(world: Bench) -> None:
    ended, _ = fired(world, f"context('x' * {5 * MIB})")
    assert ended["effects"]["output"] == "unknown"
    assert "longer than this stand-in keeps" in ended["effects"]["words"]


@pytest.mark.parametrize(
    "code",
    [
        "print('{\"a\": ' + '[' * 200000 + ']' * 200000 + '}')",
        "print('[' * 200000)",
        "print('{\"hookSpecificOutput\": {\"additionalContext\": ' + '[' * 126 + ']' * 126 + '}}')",
        "context('A\\ud800B')",
    ],
    ids=["an object", "a torn array", "one level too deep", "half a surrogate pair"],
)
def test_what_no_reader_takes_is_invalid_output(world: Bench, code: str) -> None:
    ended, _ = fired(world, code)
    assert ended["effects"]["output"] == "refused"
    assert "invalid session start JSON" in ended["effects"]["words"]


def test_bytes_that_are_no_text_are_replaced(world: Bench) -> None:
    ended, _ = fired(world, "os.write(1, b'a\\0b\\xff{\\xed\\xa0\\x80')")
    assert ended["stdout"] == "a\0b\ufffd{\ufffd\ufffd\ufffd"
    assert ended["effects"]["context"] == ended["stdout"]
