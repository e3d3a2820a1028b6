"""What a background shell of a real host has written, told apart from what the host itself adds."""

from __future__ import annotations

from pathlib import Path

import pytest

from hookproof.play.shell_tracker import written


@pytest.mark.parametrize(
    ("text", "size"),
    [
        (b"", 0),
        (b"\n[killed]\n", 0),
        (b"\n[exited with code 0]\n", 0),
        (b"said\n\n[exited with code 143]\n", 5),
        (b"[killed]", 8),
        (b"/bin/bash: line 1: 23701 Killed                  python3 -I -S companion.py task 'job=review'\n", 0),
        (b"said\n/bin/bash: line 1:   701 Killed   python3 x\n\n[killed]\n", 5),
        (b"bash: line 1: 23701 Terminated  python3\n", 40),
        (b"\n[killed]\nand on", 16),
    ],
)
def test_the_hosts_own_last_line_does_not_count(tmp_path: Path, text: bytes, size: int) -> None:
    file = tmp_path / "claude-0" / "-project" / "session" / "tasks" / "b[1].output"
    file.parent.mkdir(parents=True)
    file.write_bytes(text)
    assert written(tmp_path, "b[1]") == (str(file), size)


def test_a_task_without_a_file_has_written_nothing(tmp_path: Path) -> None:
    assert written(tmp_path, "b1") == (None, 0)
