"""Whether this Wine ends process trees as Windows does; what it plays is worth nothing otherwise (Wine 8 does not).

Run by the lane's Windows Python. One line a finding; exit status 1 when a finding is not as on Windows.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time

import psutil

from hookproof import machine

DETACHED = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
SECONDS = 20.0
WAITS = "import threading; threading.Event().wait(60)"
PARENT = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {WAITS!r}], stdin=subprocess.DEVNULL, creationflags={DETACHED})
print(child.pid, flush=True)
sys.stdin.read()
"""


def family() -> tuple[subprocess.Popen[bytes], psutil.Process]:
    """A process and its detached child, both alive."""
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    return parent, psutil.Process(int(parent.stdout.readline()))


def taskkill(pid: int, *more: str) -> subprocess.CompletedProcess[bytes]:
    words = ["taskkill", "/PID", str(pid), *more, "/F"]
    return subprocess.run(words, capture_output=True, check=False, timeout=SECONDS)


def dies(process: psutil.Process) -> bool:
    return not psutil.wait_procs([process], timeout=SECONDS)[1]


def main() -> int:
    parent, child = family()
    began = time.monotonic()
    done = taskkill(parent.pid, "/T")
    findings = {
        "taskkill /T says that it has ended a tree (exit status 0)": done.returncode == 0,
        "taskkill /T ends a detached child": dies(child),
        "taskkill /T ends the parent": parent.wait(SECONDS) == 1,
    }
    took = time.monotonic() - began
    parent, child = family()
    parent.kill()
    parent.wait(SECONDS)
    missing = taskkill(parent.pid, "/T")
    findings["taskkill of a pid that is gone fails with 128"] = missing.returncode == 128
    findings["and leaves the orphan below it alive"] = child.is_running()
    with contextlib.suppress(psutil.NoSuchProcess):
        child.kill()
    text = missing.stderr or missing.stdout
    print(f"{machine.system()}, Python {sys.version.split()[0]}, a tree of two ended in {took * 1000:.0f} ms")
    print(f"of a missing pid taskkill says: {text.decode('utf-8', 'replace').strip()}")
    for finding, good in findings.items():
        print(f"{'yes' if good else 'NO ':<4}{finding}")
    return 0 if all(findings.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
