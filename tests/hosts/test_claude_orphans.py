"""A host that adopts orphans, as the first process of a container without an init, and never takes their status."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from hookproof.catalogue.scenario import Claude
from hookproof.hosts.claude import orphans

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has subreapers")

LEAVES_A_ZOMBIE = """
import os, sys
told, tell = os.pipe()
if os.fork() == 0:
    orphan = os.fork()
    if orphan == 0:
        sys.stdin.read()
        os._exit(0)
    os.write(tell, str(orphan).encode())
    os._exit(0)
os.wait()
orphan = int(os.read(told, 16))
sys.stdin.read()
dead = os.waitid(os.P_PID, orphan, os.WEXITED | os.WNOWAIT)
state = open(f"/proc/{orphan}/stat").read().rpartition(")")[2].split()[0]
print(os.getpid(), dead.si_pid == orphan, state)
"""
"""A program that knows nothing of orphans: waits for its child, and tells what became of its grandchild."""


def test_its_orphans_become_its_children_and_stay_zombies() -> None:
    argv = [*orphans.before(Claude(adopts_orphans=True)), sys.executable, "-I", "-S", "-c", LEAVES_A_ZOMBIE]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as host:
        said, _ = host.communicate("", timeout=60)
    # the same process: whoever has started it knows it by its pid
    assert said.split() == [str(host.pid), "True", "Z"]
    assert host.returncode == os.EX_OK


def test_where_that_is_refused_it_says_so_and_does_not_begin() -> None:
    before = orphans.before(Claude(adopts_orphans=True))
    refuses = before[-1].replace("ctypes.CDLL(None).prctl(", "(lambda *_: -1)(")
    done = subprocess.run([*before[:-1], refuses, "true"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("this system lets no process adopt orphans (PR_SET_CHILD_SUBREAPER)")


def test_other_hosts_are_started_as_they_are() -> None:
    assert orphans.before(Claude()) == []
