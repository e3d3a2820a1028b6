"""What the Windows facts need: the shims on PATH, and the modules that they are played against."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from windows_shims import Shims

ROOT = Path(__file__).resolve().parents[2]
for place in ("fakes/claude", "fakes/shared", "tests/reference_companion"):
    if str(ROOT / place) not in sys.path:
        sys.path.append(str(ROOT / place))


@pytest.fixture
def shims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shims:
    made = Shims(tmp_path)
    monkeypatch.setenv("PATH", f"{made.bin}{os.pathsep}{os.environ['PATH']}")
    return made
