"""Says terminal sequences, commands of CI and HTML, in its job list and on both streams."""

from __future__ import annotations

import json
import os
import sys

from manner_help import write_state

EVIL = (
    "\x1b]0;pwned\x07\x1b[2J\n::stop-commands::x\n ::error file=a::b\n##[error]c\r##[group]d\n"
    "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>]]><b>|`@everyone\u202e"
)


def misbehave(_outside: str, _mark: str) -> None:
    row = {"id": f"task-{EVIL}", "status": f"running{EVIL}", "pid": 999999, "prompt": f"{EVIL} job=review"}
    write_state(json.dumps({"jobs": [{**row, "errorMessage": EVIL}]}))
    sys.stdout.write(EVIL)
    sys.stdout.flush()
    sys.stderr.write(EVIL)
    sys.stderr.flush()
    os._exit(2)
