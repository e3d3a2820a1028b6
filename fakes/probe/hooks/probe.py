"""One hook run of the probe: it takes the payload and says which event it was for, where the event may be told things.

A SessionStart hook also exports a variable whose name tells its source, so that shells show which files they obey.

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
        said = f'{{"hookEventName": "{event}", "additionalContext": "PROBE {event}"}}'
        print(f'{{"hookSpecificOutput": {said}}}')


if __name__ == "__main__":
    main(sys.argv[1:])
