"""What processes of one user share by number, without a file: a program of a run finds nothing of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap

import pytest

from hookproof.isolation import trial
from hookproof.isolation.level import Level

CALLS = """
import ctypes, json, os, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
libc.shmat.restype = ctypes.c_void_p
ADD, KEYCTL = {"x86_64": (248, 250), "aarch64": (217, 219)}[os.uname().machine]
SESSION, USER, USER_SESSION = -3, -4, -5
NUMBER = 0x68700000 + int(sys.argv[1])
NAME = f"hookproof-{sys.argv[1]}".encode()

def shared():
    return libc.shmget(NUMBER, 4096, 0o600)

def keys():
    found = [libc.syscall(KEYCTL, 10, ctypes.c_int(ring), b"user", NAME, 0) for ring in (SESSION, USER, USER_SESSION)]
    return [each for each in found if each >= 0]
"""
OUTSIDE = """
from hookproof import interrupts
from hookproof.isolation import entry
import subprocess
made = libc.shmget(NUMBER, 4096, 0o600 | 0o1000)
key = libc.syscall(ADD, b"user", NAME, b"secret", 6, ctypes.c_int(SESSION))
seen = {"outside": [shared() >= 0, bool(keys())]}
interrupts.take()
serve = entry.begin(sys.argv[2])
if serve is not None:
    status = serve()
    libc.shmctl(made, 0, None)
    libc.syscall(KEYCTL, 9, ctypes.c_int(key), ctypes.c_int(SESSION), 0, 0)
    raise SystemExit(status)
starter = entry.current_view().starter()
look = sys.argv[3] + "print(json.dumps([shared() >= 0, bool(keys())]))"
done = starter.call(
    lambda: subprocess.run([sys.executable, "-c", look, *sys.argv[1:]], capture_output=True, text=True, check=True)
)
starter.close()
print(json.dumps({**seen, "inside": json.loads(done.stdout), "proof": entry.current().proof}))
"""


@pytest.mark.parametrize("level", ["full", "without-pids"])
def test_neither_shared_memory_nor_a_key_of_the_session_is_found(level: Level) -> None:
    if (refusal := trial.refused(level)) is not None:
        pytest.skip(refusal)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(CALLS + OUTSIDE), str(os.getpid() % 65536), level, CALLS],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if "KeyError" in done.stderr:
        pytest.skip("the numbers of these calls are not known on this machine")
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    if not all(seen["outside"]):
        pytest.skip(f"this kernel shares neither: {seen['outside']}")
    assert seen["inside"] == [False, False]
    proof = {
        "keys of the session: none, in a keyring of its own",
        "shared memory, semaphores, message queues: of its own",
    }
    assert proof < set(seen["proof"])
