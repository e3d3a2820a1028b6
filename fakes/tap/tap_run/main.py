"""Runs one hook for the tap: reads the payload, records start and end, hands the exit status on."""

from __future__ import annotations

import os
import sys

from standin.hook_record import record_end, record_start
from standin.wire import Raw, decoded, encoded, recorder_of_the_run

if sys.platform == "win32":
    from .windows import Hook
else:
    from .posix import Hook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LONGEST_PAYLOAD = 8 * 1024 * 1024
DEEPEST_PAYLOAD = 200
"""How deep it may be nested: a record that is deeper is refused."""


def main(argv: list[str]) -> None:
    """Run the hook and leave as it left. Returns never."""
    tapped = _commands(argv[0])
    command = _command(tapped, argv)
    shell = argv[2] if len(argv) > 2 else ""
    text = _whole_stdin()
    payload, shown = _payload(text)
    run_id = os.urandom(16).hex()
    hook = Hook(shell, command["runs"], text, run_id)
    # a hooks file that both hosts read is tapped once; of the two only Codex sets this variable
    source = tapped.get("host") or ("codex" if "PLUGIN_ROOT" in os.environ else "claude")
    recorder = recorder_of_the_run(source)
    run = {
        "run": run_id,
        "event": str(payload.get("hook_event_name") or ""),
        "session_id": payload.get("session_id"),
        "agent_id": payload.get("agent_id"),
    }
    record_start(
        recorder,
        run,
        process=(hook.pid, hook.pgid),
        environment=os.environ,
        agent_type=payload.get("agent_type"),
        plugin=tapped.get("plugin"),
        command=command["written"],
        cwd=os.getcwd(),
        payload=shown,
        timeout=_timeout(tapped, argv, str(run["event"])),
        asynchronous=_asynchronous(tapped, argv, str(run["event"])),
    )
    hook.go()
    hook.serve()
    if hook.held:
        # the host will see the hook's exit now and the end of its output later, as it would without a tap
        hook.leave_a_relay(lambda pid: recorder.write("hook.held", **run, pid=pid))
    record_end(
        recorder,
        run,
        status=(hook.exit, hook.signal),
        printed=(hook.stdout, hook.stderr),
        ended_by=hook.ended_by,
        ms=hook.ms,
    )
    hook.leave()


def _commands(path: str) -> dict[str, Any]:
    """What the installation wrote down. Without it the hook runs all the same, where the host told the command."""
    try:
        with open(path, encoding="utf-8") as file:
            found = decoded(file.read())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _command(tapped: dict[str, Any], argv: list[str]) -> dict[str, str]:
    """The command as it is written in the plugin, and as the host would have given it to its shell."""
    try:
        written = str(tapped["commands"][int(argv[1])])
    except (KeyError, IndexError, ValueError, TypeError):
        written = ""
    if len(argv) > 3:
        return {"written": written or argv[3], "runs": argv[3]}
    if not written:
        sys.stderr.write(f"tap: {argv[0]}: no command {' '.join(argv[1:2])} in it\n")
        os._exit(127)
    # without a shell that tells it, the paths that a host puts in come from its variables
    runs = written
    for name in ("CLAUDE_PLUGIN_ROOT", "CLAUDE_PLUGIN_DATA", "PLUGIN_ROOT", "PLUGIN_DATA"):
        if name in os.environ:
            runs = runs.replace("${" + name + "}", os.environ[name])
    return {"written": written, "runs": runs}


def _declared(tapped: dict[str, Any], name: str, argv: list[str], event: str) -> Any:
    """What the command's entries declare for this event, as far as the installation could tell; else None."""
    try:
        return tapped[name][int(argv[1])][event]
    except (KeyError, IndexError, ValueError, TypeError):
        return None


def _asynchronous(tapped: dict[str, Any], argv: list[str], event: str) -> bool | None:
    """Whether the host goes on beside the hook; None where several hosts read its file, and each does as it does."""
    told = _declared(tapped, "asynchronous", argv, event)
    return told if isinstance(told, bool) and tapped.get("host") is not None else None


def _timeout(tapped: dict[str, Any], argv: list[str], event: str) -> float | None:
    """The timeout that the command declares for this event, in seconds."""
    seconds = _declared(tapped, "timeouts", argv, event)
    return float(seconds) if isinstance(seconds, int | float) and not isinstance(seconds, bool) else None


def _whole_stdin() -> bytes:
    chunks = []
    try:
        while chunk := os.read(0, 65536):
            chunks.append(chunk)
    except OSError:
        pass  # there is no stdin: then there is no payload either
    return b"".join(chunks)


def _payload(data: bytes) -> tuple[dict[str, Any], Raw]:
    """The payload, and how it stands in the journal: as it came, for nothing is gained by writing it anew."""
    text = data.decode("utf-8", "replace")
    try:
        value = decoded(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        return {}, Raw(encoded({"unreadable": text[:2000]}))
    if len(data) > LONGEST_PAYLOAD:
        return value, Raw(encoded({"left_out": f"{len(data)} bytes"}))
    if data.count(b"[") + data.count(b"{") > DEEPEST_PAYLOAD and _is_deep(value):
        return value, Raw(encoded({"left_out": f"{len(data)} bytes, nested deeper than {DEEPEST_PAYLOAD}"}))
    # a line break in it can only stand between tokens
    return value, Raw(text.replace("\r", " ").replace("\n", " "))


def _is_deep(value: object) -> bool:
    level = [value]
    for _ in range(DEEPEST_PAYLOAD):
        inner: list[object] = []
        for each in level:
            if isinstance(each, (dict, list)):
                inner.extend(each.values() if isinstance(each, dict) else each)
        level = inner
    return any(isinstance(each, (dict, list)) for each in level)
