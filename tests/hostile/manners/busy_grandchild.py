"""Leaves a process that works on and on: every look at it finds that it has used the processor."""

from __future__ import annotations

import subprocess
import sys

# an eighth of a processor is as far from rest as a whole one, and leaves the rest to the other tests
LOOP = "import time\nwhile True:\n    sum(range(200_000))\n    time.sleep(0.05)"


def misbehave(_outside: str, mark: str) -> None:
    null = subprocess.DEVNULL
    words = [sys.executable, "-I", "-S", "-c", LOOP, mark]
    subprocess.Popen(words, stdin=null, stdout=null, stderr=null, start_new_session=True)
