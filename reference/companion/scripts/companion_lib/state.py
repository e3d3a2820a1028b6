"""What is known of a workspace's jobs: `state.json` lists them, each is whole in `jobs/<id>.json`, its log beside it.

A row is a dictionary as `status --json` shows it. It is only ever changed inside `Workspace.change`, which reads, lets
the caller edit, and writes what differs: the job's file first, so that a list that is lost can be made again from them.
Under a policy that locks, all that is one step for everybody else; under the others it is what 1.0.4 does.
"""

from __future__ import annotations

import os
import time
from zlib import crc32

from . import Json, plain_json, processes
from .policy import Policy, state_root

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    Outcome = TypeVar("Outcome")

Row = Json
ACTIVE = ("queued", "running")
REMEMBERED = 50
ONLY_IN_THE_JOB_FILE = ("request", "result")
STAMPS = ("createdAt", "startedAt", "updatedAt", "completedAt")


def now() -> str:
    seconds = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1000):03d}Z"


def newest_first(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: max(str(row.get(at) or "") for at in STAMPS), reverse=True)


def _names_a_file(job_id: object) -> bool:
    return isinstance(job_id, str) and bool(job_id) and all(letter.isalnum() or letter in "_-" for letter in job_id)


def _slug(name: str) -> str:
    """The folder's name as a part of a path: what is no plain letter, digit or mark becomes one dash."""
    kept = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "._-") else " " for letter in name)
    return "-".join(kept.split()).strip("-") or "workspace"


def toplevel(folder: str) -> str:
    """The git work tree around the folder, else the folder itself, also when it has been deleted meanwhile."""
    candidate = folder = os.path.realpath(folder)
    while os.path.isdir(candidate):
        if os.path.exists(os.path.join(candidate, ".git")):
            return candidate
        if candidate == os.path.dirname(candidate):
            break
        candidate = os.path.dirname(candidate)
    return folder


class Workspace:
    """The jobs of one git work tree, and the only hand on their files."""

    def __init__(self, folder: str, policy: Policy) -> None:
        self.policy = policy
        self.root = toplevel(folder)
        checksum = crc32(os.fsencode(self.root))  # tells folders of one name apart, and is at hand sooner than hashlib
        self.home = os.path.join(state_root(policy), "state", f"{_slug(os.path.basename(self.root))}-{checksum:08x}")
        self.list_file = os.path.join(self.home, "state.json")

    def path(self, *parts: str) -> str:
        return os.path.join(self.home, *parts)

    def rows(self) -> list[Row]:
        return self.change(lambda rows: rows)

    def change(self, edit: Callable[[list[Row]], Outcome]) -> Outcome:
        """Let `edit` change the list of rows in place; write what it changed; return what it returns."""
        os.makedirs(self.path("jobs"), mode=0o700, exist_ok=True)
        if not self.policy.locks_state:
            return self._change(edit)
        with processes.Lock(self.path("state.lock")):
            return self._change(edit)

    def _change(self, edit: Callable[[list[Row]], Outcome]) -> Outcome:
        rows = self._read()
        before = {row["id"]: plain_json.dumps(row) for row in rows}
        outcome = edit(rows)
        rows[:] = self._within_the_cap(rows)
        changed = [row for row in rows if before.pop(row["id"], None) != plain_json.dumps(row)]
        for row in changed:
            self._write(self.path("jobs", f"{row['id']}.json"), {**self.record(row["id"]), **row})
        if changed or before:
            self._write_list(rows)
        for forgotten in before:
            for name in (f"{forgotten}.json", f"{forgotten}.log"):
                if os.path.exists(self.path("jobs", name)):
                    processes.remove(self.path("jobs", name))
        return outcome

    def record(self, job_id: str) -> Row:
        """The whole job, with its request and result; empty if there is none."""
        try:
            with open(self.path("jobs", f"{job_id}.json"), encoding="utf-8") as file:
                record = plain_json.loads(file.read())
        except (OSError, ValueError, RecursionError):
            return {}
        return record if isinstance(record, dict) and record.get("id") == job_id else {}

    def _read(self) -> list[Row]:
        try:
            with open(self.list_file, encoding="utf-8") as file:
                listed = plain_json.loads(file.read())["jobs"]
            if not isinstance(listed, list):
                raise TypeError("jobs is no list")
        except (OSError, ValueError, TypeError, LookupError, RecursionError):
            return self._rebuilt() if self.policy.locks_state else []
        return [row for row in listed if isinstance(row, dict) and _names_a_file(row.get("id"))]

    def _rebuilt(self) -> list[Row]:
        if os.path.exists(self.list_file):
            processes.replace(self.list_file, f"{self.list_file}.damaged-{time.time_ns()}")
        names = [name.removesuffix(".json") for name in os.listdir(self.path("jobs")) if name.endswith(".json")]
        rows = newest_first([record for record in map(self.record, names) if record])
        if rows:
            self._write_list(rows)
        return rows

    def _within_the_cap(self, rows: list[Row]) -> list[Row]:
        if len(rows) <= REMEMBERED:
            return rows
        spared = [row for row in rows if self.policy.cap_spares_active and row.get("status") in ACTIVE]
        others = newest_first([row for row in rows if row not in spared])
        kept = spared + others[: max(0, REMEMBERED - len(spared))]
        return [row for row in rows if row in kept]

    def _write_list(self, rows: list[Row]) -> None:
        listed = [{key: row[key] for key in row if key not in ONLY_IN_THE_JOB_FILE} for row in rows]
        self._write(self.list_file, {"version": 1, "jobs": listed})

    def _write(self, path: str, content: object) -> None:
        whole = f"{path}.new" if self.policy.locks_state else path
        with open(whole, "w", encoding="utf-8") as file:
            file.write(plain_json.dumps(content, indent=1))
        if whole != path:
            processes.replace(whole, path)
