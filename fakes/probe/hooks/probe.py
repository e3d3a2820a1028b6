"""One hook run of the probe: it takes the payload and says which event it was for, where the event may be told things.

A PreToolUse hook denies a call on a file `deny.txt`, has the user asked about an `ask.txt` (with no reason about an
`ask-so.txt`), and turns a `turned.txt` into another file. A SessionStart hook also exports a variable whose name tells
its source, so that shells show which files they obey.

Started as `python3 -I -S probe.py [EVENT]`. What the payload holds and what the hook's environment is, the tap around
it records. Without an EVENT it says nothing: an answer of Stop would make some hosts go on for ever.
"""

import json
import os
import sys


def main(argv: list[str]) -> None:
    payload = json.loads(sys.stdin.buffer.read())
    exports = os.environ.get("CLAUDE_ENV_FILE")
    if exports:
        with open(exports, "a", encoding="utf-8") as file:
            file.write(f"export PROBE_FROM_{payload['source'].upper()}=1\n")
    for event in argv:
        said = {"hookEventName": event, "additionalContext": f"PROBE {event}"}
        print(json.dumps({"hookSpecificOutput": {**said, **(decision(payload) if event == "PreToolUse" else {})}}))


def decision(payload: dict) -> dict:
    given = payload["tool_input"]
    # a path may have blanks, a command of the scenarios ends with a name that has none
    folder, name = os.path.split(str(given.get("file_path") or given.get("command", "").rpartition(" ")[2]))
    if name in ("deny.txt", "ask.txt"):
        return {"permissionDecision": name.removesuffix(".txt"), "permissionDecisionReason": "the probe says so"}
    if name == "ask-so.txt":
        return {"permissionDecision": "ask"}
    if name == "turned.txt":
        turned = {**given, "file_path": os.path.join(folder, "in-its-place.txt")}
        return {"permissionDecision": "allow", "updatedInput": turned}
    return {}


if __name__ == "__main__":
    main(sys.argv[1:])
