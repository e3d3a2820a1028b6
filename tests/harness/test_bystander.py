"""The process whose pid is planted among a plugin's own: it ends with the harness, however that ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hookproof.processes import identify
from hookproof.processes.platform import native

SECONDS = 30.0
HARNESS = """
import asyncio, sys
sys.path[:0] = eval(sys.argv[1])
from pathlib import Path
from types import SimpleNamespace
from hookproof import processes
from hookproof.catalogue.fault import PlantPidInJob
from hookproof.play.faults.injector import Faults

class Rest:
    async def settled(self):
        return []

class Target:
    descriptor = SimpleNamespace(state=SimpleNamespace(server_pid="pid", fields=SimpleNamespace(pid="pid")))
    jobs = SimpleNamespace(id_of=lambda job: job)
    files = SimpleNamespace(change_server=lambda **_: True, change_row=lambda *_: None)
    run = SimpleNamespace(
        journal=SimpleNamespace(write=lambda record: print(record.pid, flush=True)),
        sandbox=SimpleNamespace(root=Path(sys.argv[2])),
        env=dict(__import__("os").environ),
        deaths=SimpleNamespace(watch=lambda identity: True),
        rest=Rest(),
    )

async def main():
    with processes.CaseProcesses("ab" * 16) as group:
        Target.run.processes = group
        faults = Faults(Target)
        await faults.inject(PlantPidInJob(), "review")
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.parametrize("how", ["SIGKILL", "SIGTERM", "SIGHUP", "SIGABRT"] if sys.platform != "win32" else ["SIGTERM"])
def test_it_ends_with_the_harness(how: str, tmp_path: Path) -> None:
    harness = subprocess.Popen([sys.executable, "-c", HARNESS, repr(sys.path), str(tmp_path)], stdout=subprocess.PIPE)
    assert harness.stdout is not None
    bystander = identify(int(harness.stdout.readline()))
    assert bystander is not None
    harness.send_signal(signal.Signals[how])
    harness.wait()
    harness.stdout.close()

    assert native.wait_dead([bystander], seconds=SECONDS) == []
