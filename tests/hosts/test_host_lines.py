"""What a host prints without measure, or in no shape that a host has: told, and the rest is read."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest

from hookproof import processes
from hookproof.hosts import process as host_processes
from hookproof.hosts.process import HostProcess
from hookproof.journal import Journal
from hookproof.records import Record
from hookproof.records.hosts import HostNoise, HostStderr
from hookproof.records.run import Error


def said_by(tmp_path: Path, code: str) -> tuple[list[dict[str, Any]], list[Record]]:
    """The messages that were heard of a program, and the journal. A message about `odd` is one that nobody expects."""

    async def play() -> tuple[list[dict[str, Any]], list[Record]]:
        journal = Journal(tmp_path / "j.jsonl")
        on_line: list[dict[str, Any]] = []

        def hear(message: dict[str, Any]) -> None:
            if "odd" in message:
                raise KeyError("params")
            on_line.append(message)

        child = await processes.spawn(
            [sys.executable, "-I", "-S", "-c", f"import os, sys\n{code}"],
            env={},
            cwd=tmp_path,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
        )
        host = HostProcess("main", child, journal, on_line=hear, asked=lambda _: True)
        async with asyncio.timeout(30):
            await host.wait_ended()
        journal.close()
        return on_line, journal.records

    on_line, records = asyncio.run(play())
    return on_line, [record for record in records if record.kind != "host.exited"]


def test_a_line_that_is_too_long_is_an_error_and_the_next_one_is_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_processes, "LONGEST_LINE", 1000)
    on_line, (error,) = said_by(tmp_path, """print('{"a": "' + 'x' * 300_000 + '"}\\n{"b": 1}')""")
    assert on_line == [{"b": 1}]
    assert isinstance(error, Error)
    assert error.where == "session main"
    assert "a line of 300009 bytes from the host" in error.what


@pytest.mark.parametrize("text", ["'{\"odd\": 1}'", "'{\"odd\": [[[[]]]]}'"])
def test_a_message_of_a_shape_that_no_host_has_is_an_error_and_the_next_one_is_heard(tmp_path: Path, text: str) -> None:
    on_line, (error,) = said_by(tmp_path, f"print({text}); print('{{}}')")
    assert on_line == [{}]
    assert isinstance(error, Error)
    assert "KeyError" in error.what


@pytest.mark.parametrize("text", ["'[' * 200_000", "'plain'", "'{' * 300", "'{\"a\": \"' + chr(0) + '\"}'"])
def test_what_is_no_message_is_noise(tmp_path: Path, text: str) -> None:
    on_line, (noise,) = said_by(tmp_path, f"print({text}); print('{{}}')")
    assert on_line == [{}]
    assert isinstance(noise, HostNoise)
    assert len(noise.text) <= 2000


def test_noise_and_complaints_are_told_sparingly_and_their_lines_shortly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_processes, "MOST_NOISE", 3)
    code = "for number in (1, 2):\n    for _ in range(10): os.write(number, b'x' * 20_000 + b'\\n')"
    on_line, records = said_by(tmp_path, code)
    assert on_line == []
    assert sorted(record.kind for record in records) == ["host.noise"] * 3 + ["host.stderr"] * 3
    assert max(len(record.text) for record in records if isinstance(record, HostNoise | HostStderr)) < 2100


def test_a_hundred_megabytes_of_complaints_in_one_line_are_a_short_one(tmp_path: Path) -> None:
    _, (complaint,) = said_by(tmp_path, "for _ in range(100): sys.stderr.write('x' * 2**20)")
    assert isinstance(complaint, HostStderr)
    assert complaint.text == "x" * 2000
