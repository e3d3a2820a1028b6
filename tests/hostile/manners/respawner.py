"""Leaves four pairs of processes of which each starts the other again when it dies."""

from __future__ import annotations

import os
import subprocess
import sys

PAIR = """\
import os, select, subprocess, sys
try:
    select.select([os.pidfd_open(int(sys.argv[1]))], [], [], 600)
except ProcessLookupError:
    pass
again = subprocess.Popen([sys.executable, "-I", "-S", sys.argv[2], str(os.getpid()), *sys.argv[2:]])
os.execv(sys.executable, [sys.executable, "-I", "-S", sys.argv[2], str(again.pid), *sys.argv[2:]])
"""


def misbehave(_outside: str, mark: str) -> None:
    script = os.path.join(os.environ["TMPDIR"], "pair.py")
    with open(script, "w", encoding="utf-8") as file:
        file.write(PAIR)
    null = subprocess.DEVNULL
    for _ in range(4):
        words = [sys.executable, "-I", "-S", script, str(os.getpid()), script, mark]
        subprocess.Popen(words, stdin=null, stdout=null, stderr=null, start_new_session=True)
