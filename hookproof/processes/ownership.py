"""Whose run a directory is, so that the next start can clear away after a harness that was killed.

A run directory carries `owner.json` from its first moment to its orderly end. One whose owner is certainly gone is
abandoned: what its token names is ended, and the claim is taken off. Certainly gone is an owner of an earlier boot of
this machine, or whose (pid, start time) nobody has any more in our own pid namespace; all others are left alone.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hookproof.processes.base import Identity, Instant
from hookproof.processes.platform import native
from hookproof.processes.sweep import SweepResult, check_token, sweep

FILE_NAME = "owner.json"
SWEEP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Abandoned:
    """A run directory whose owner is gone, or cannot be told.

    `swept` is what was done about its processes, None when nothing was; `trouble` then says why, for people.
    """

    run_dir: Path
    swept: SweepResult | None = None
    trouble: str | None = None


class OwnerError(Exception):
    """An owner.json that cannot be believed. The text says which file, what was expected and what was found."""


@dataclass(frozen=True, slots=True)
class _Owner:
    identity: Identity
    token: str
    since: Instant
    world: dict[str, str]


def claim(run_dir: Path, token: str) -> None:
    """Make this process the owner of `run_dir`, which exists, for a run whose processes carry `token`.

    Call it before the first of them starts: what began earlier is never swept. Raises FileExistsError when the
    directory has an owner, ValueError for a malformed token, OSError when the file cannot be written.
    """
    check_token(token)
    file = run_dir / FILE_NAME
    if file.exists():
        raise FileExistsError(f"{run_dir} is claimed already: {file} exists")
    identity = native.identify(os.getpid())
    assert identity is not None, "this process runs"
    owner = {
        "pid": identity.pid,
        "start": identity.start,
        "token": token,
        "since": native.instant(),
        "world": native.world(),
    }
    draft = run_dir / f".{FILE_NAME}.{identity.pid}"
    draft.write_text(json.dumps(owner), encoding="utf-8")
    draft.replace(file)


def release(run_dir: Path) -> None:
    """The run came to its orderly end. Nothing happens when the directory has no owner."""
    (run_dir / FILE_NAME).unlink(missing_ok=True)


def sweep_abandoned(runs_dir: Path, *, seconds: float = SWEEP_SECONDS) -> list[Abandoned]:
    """End what killed harnesses left running, for each directory in `runs_dir` whose owner is certainly gone.

    Directories of living owners, and those without an owner.json, are not even mentioned. An owner.json that cannot
    be believed, or that was written elsewhere (another machine or container sharing the directory), is reported and
    left alone. The claim goes once nothing is left; the directory itself stays, it is evidence.
    `seconds` is the deadline for each directory. Blocks; a missing `runs_dir` is an empty one.
    """
    found = []
    here = native.world()
    for file in sorted(runs_dir.glob(f"*/{FILE_NAME}")):
        try:
            owner = _read(file)
        except FileNotFoundError:
            continue  # released this very moment
        except OwnerError as error:
            found.append(Abandoned(file.parent, trouble=str(error)))
            continue
        trouble = _foreign(owner, here)
        if trouble is not None:
            found.append(Abandoned(file.parent, trouble=f"{file}: {trouble}; left alone"))
        elif owner.world.get("boot") != here.get("boot"):
            file.unlink(missing_ok=True)
            found.append(Abandoned(file.parent, swept=SweepResult()))
        elif owner.since > native.instant() + 1:
            found.append(Abandoned(file.parent, trouble=f"{file}: since={owner.since} is still to come; left alone"))
        elif not native.is_alive(owner.identity):
            swept = sweep(owner.token, since=owner.since, seconds=seconds)
            if not swept.left:
                file.unlink(missing_ok=True)
            found.append(Abandoned(file.parent, swept=swept))
    return found


def _foreign(owner: _Owner, here: dict[str, str]) -> str | None:
    same_boot = owner.world.get("boot") is not None and owner.world.get("boot") == here.get("boot")
    if not same_boot and owner.world.get("machine") != here.get("machine"):
        return f"its owner runs or ran on another machine ({owner.world.get('machine')!r})"
    if same_boot and owner.world.get("pids") != here.get("pids"):
        return "its owner's pid belongs to another pid namespace (a container?), where we cannot see whether it lives"
    return None


def _read(file: Path) -> _Owner:
    try:
        content: Any = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise OwnerError(f"{file}: cannot be read ({error}); left alone") from None
    expected = "expected {pid, start: integers, token: hexadecimal, since: number, world: {...: text}}"
    with contextlib.suppress(KeyError, TypeError, ValueError, OverflowError):
        pid, start, since, world = content["pid"], content["start"], content["since"], content["world"]
        good = (
            _is_number(pid, int)
            and pid > 0
            and _is_number(start, int)
            and _is_number(since, int, float)
            and math.isfinite(since)
            and isinstance(world, dict)
            and all(isinstance(text, str) for text in world.values())
        )
        if good:
            return _Owner(Identity(pid, start), check_token(content["token"]), Instant(float(since)), world)
    raise OwnerError(f"{file}: {expected}, found {json.dumps(content)[:200]}; left alone")


def _is_number(value: object, *kinds: type) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)
