"""A companion of another shape than the reference's: one file a job and no list, `status` answers with an array.

A job's id is the name of its file and nowhere in it. What a row says takes two words: a job whose worker is gone keeps
the phase that it had, and `status` says `likely dead` beside it. The file `wrong` beside this program names the ways in
which it is wrong.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
WRONG = (HERE / "wrong").read_text().split() if (HERE / "wrong").exists() else []
REMEMBERS = 8
Row = dict[str, Any]


def root() -> Path:
    named = os.environ.get("JOTTER_STATE") if "two-roots" in WRONG else None
    return Path(named or Path.home() / ".jotter" / Path.cwd().name) / "jobs"


def rows() -> dict[str, Row]:
    found = {}
    for path in root().glob("*.json"):
        try:
            found[path.stem] = dict(json.loads(path.read_text()))
        except FileNotFoundError:
            continue
        except ValueError:
            sys.exit(f"the file of the job {path.stem} is damaged: {path}")
    return found


def write(job: str, row: Row) -> None:
    path = root() / f"{job}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(row))
    draft.replace(path)


def began(pid: int) -> str | None:
    """When a process began, in the kernel's words; None for one that is dead."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if state in {b"Z", b"X"} else fields[18].decode()


def lives(owner: Row) -> bool:
    return bool(owner) and began(owner["pid"]) == owner["began"]


def marked(job: str) -> list[int]:
    """The processes of a job: whatever its worker has begun has the job's mark in its environment."""
    found = []
    for each in Path("/proc").iterdir():
        if each.name.isdecimal() and int(each.name) != os.getpid():
            try:
                if f"JOTTER_JOB={job}".encode() in (each / "environ").read_bytes().split(b"\0"):
                    found.append(int(each.name))
            except OSError:
                continue
    return found


def end(job: str, row: Row) -> None:
    if "trusts-pids" in WRONG:
        os.kill(row["owner"]["pid"], signal.SIGKILL)
        return
    named = [each["pid"] for each in (row.get("owner", {}), row.get("guard", {})) if lives(each)]
    for pid in {*named, *marked(job)}:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def task(words: list[str]) -> None:
    job = f"j-{os.getpid()}-{time.time_ns() % 10**9:09d}"
    row = {"phase": "waiting", "prompt": words[-1], "session": os.environ.get("JOTTER_SESSION"), "made": time.time()}
    write(job, row)
    worker = subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, "worker", job],
        env={**os.environ, "JOTTER_JOB": job},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    if "--background" in words:
        print(f"started in the background as {job}")
        return
    worker.wait()
    result(job)


def worker(job: str) -> None:
    row = rows().get(job, {})
    if row.get("phase") != "waiting":
        return
    if "no-cli" in WRONG:
        write(job, row | {"phase": "failed", "why": "the CLI of the worker is not installed"})
        return
    codex = subprocess.Popen(["codex", "app-server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    row |= {"phase": "working", "since": time.time(), "owner": {"pid": os.getpid(), "began": began(os.getpid())}}
    row |= {"guard": {"pid": codex.pid, "began": began(codex.pid), "text": f"{codex.pid}@{began(codex.pid)}"}}
    write(job, row)
    answer = ask(codex, row["prompt"])
    write(job, row | ({"phase": "done", "answer": answer} if answer else {"phase": "failed", "why": "Codex died"}))


def ask(codex: subprocess.Popen[str], prompt: str) -> str:
    """One turn of Codex: what it said last, or nothing."""
    assert codex.stdin
    assert codex.stdout

    def send(**message: Any) -> None:
        print(json.dumps(message), file=codex.stdin, flush=True)

    said = ""
    try:
        send(id=1, method="initialize", params={"clientInfo": {"name": "jotter", "version": "1"}})
        send(method="initialized")
        send(id=2, method="thread/start", params={"cwd": str(Path.cwd()), "approvalPolicy": "never"})
        for line in codex.stdout:
            told = json.loads(line)
            item = told.get("params", {}).get("item", {})
            if told.get("id") == 2:
                thread = told["result"]["thread"]["id"]
                send(
                    id=3, method="turn/start", params={"threadId": thread, "input": [{"type": "text", "text": prompt}]}
                )
            elif told.get("method") == "item/completed" and item.get("type") == "agentMessage":
                said = item["text"]
            elif told.get("method") == "turn/completed":
                codex.stdin.close()
                codex.wait()
                return said if told["params"]["turn"]["status"] == "completed" else ""
    except BrokenPipeError:
        pass
    return ""


def status() -> None:
    found = rows()
    over = [job for job in found if found[job]["phase"] not in {"waiting", "working"} or "cap-drops-active" in WRONG]
    for job in sorted(over, key=lambda job: found[job]["made"])[: max(0, len(found) - REMEMBERS)]:
        (root() / f"{job}.json").unlink(missing_ok=True)
        del found[job]
    told = []
    for job, row in found.items():
        active = row["phase"] in {"waiting", "working"} and "owner" in row
        alive = not active or lives(row["owner"]) or "hopeful" in WRONG
        told.append({"task": job, "phase": row["phase"], "liveness": "fine" if alive else "likely dead"})
    print(json.dumps(told))


def result(job: str) -> None:
    answer = rows().get(job, {}).get("answer")
    sys.exit(print(answer) if answer is not None else f"{job} has no result")


def cancel(job: str) -> None:
    row = rows()[job]
    if "marks-only" not in WRONG:
        end(job, row)
    write(job, row | {"phase": "stopped", "why": "the user wanted it so"})
    print(f"{job} is stopped")


def session_start() -> None:
    session = json.load(sys.stdin)["session_id"]
    exports = f"export JOTTER_SESSION={session}\nexport JOTTER_STATE='{Path.home()}/.jotter/of sessions'\n"
    Path(os.environ["CLAUDE_ENV_FILE"]).write_text(exports)


def session_end() -> None:
    if "ends-all" in WRONG:
        for job, row in rows().items():
            end(job, row)
            (root() / f"{job}.json").unlink()


VERBS = {"worker": worker, "result": result, "cancel": cancel}

if __name__ == "__main__":
    verb, *words = sys.argv[1:]
    if verb == "task":
        task(words)
    elif verb in VERBS:
        VERBS[verb](words[0])
    else:
        {"status": status, "session-start": session_start, "session-end": session_end}[verb]()
