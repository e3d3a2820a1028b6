"""Programs that leave a process behind which has lost its token, and how to have a case start them. Linux."""

from __future__ import annotations

from subprocess import PIPE

from hookproof.processes import CaseProcesses, Identity, ProcessInfo, identify, spawn

from .programs import environment, python

BARE = """
import os, sys
os.chdir("/")
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.setsid() if "leads" in sys.argv else None
        os.dup2(os.open("/dev/null", os.O_RDWR), 0)
        print(os.getpid(), flush=True)
        until_exec = os.dup(1)
        os.dup2(0, 1), os.dup2(0, 2)
        os.execve("/bin/sleep", ["sleep", "30011"], {})
    os._exit(0)
os.wait()
"""
"""Double fork, setsid, an empty environment: a daemon as `env -i` makes it."""

LEAVES_AT_ONCE = BARE.replace("os.setsid()\n", "pass\n", 1)
"""The daemon leads the one session that it ever had a part in: nothing but its birth ties it to anybody."""


async def leaves(case: CaseProcesses, program: str, *words: str) -> Identity:
    """Have a case start a program that leaves a process behind and says its pid; wait until it is on its own."""
    child = await spawn(python(program, *words), env=environment(), cwd="/", stdin=PIPE, stdout=PIPE, case=case)
    assert child.stdout is not None
    told = await child.stdout.read()  # until nobody holds it any more: the daemon does until its exec
    identity = identify(int(told))
    assert identity is not None
    await child.wait()
    child.close()
    return identity


def by(infos: list[ProcessInfo]) -> dict[Identity, str]:
    return {info.identity: info.by for info in infos}
