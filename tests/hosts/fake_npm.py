"""Stands in for npm: does what the file named by FAKE_NPM says, and writes down how it was called.

The plan: `packages` {path in the prefix: entry of the lock}, `files` {path: text}, `also` (files only when a second
package is asked for by name), `error` (npm's JSON), `stderr`, `exit`, `wait` (a port to report to and to wait on),
`meanwhile` (a Python program that runs before it ends, under the plan `then`).
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path


def main() -> int:
    """One `npm install`."""
    plan_file = Path(os.environ["FAKE_NPM"])
    plan = json.loads(plan_file.read_text(encoding="utf-8"))
    argv = sys.argv[1:]
    with plan_file.with_suffix(".called").open("a", encoding="utf-8") as calls:
        calls.write(
            json.dumps({"argv": argv, "cwd": str(Path.cwd()), "registry": os.environ.get("NPM_REGISTRY")}) + "\n"
        )
    prefix = Path(argv[argv.index("--prefix") + 1])
    packages = dict(plan.get("packages", {}))
    files = dict(plan.get("files", {}))
    if len([word for word in argv if word.startswith("@")]) > 1:
        packages |= plan["also"]["packages"]
        files |= plan["also"]["files"]
    for name, text in files.items():
        (prefix / name).parent.mkdir(parents=True, exist_ok=True)
        (prefix / name).write_text(text, encoding="utf-8")
    if packages:
        lock = prefix / "node_modules" / ".package-lock.json"
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.write_text(json.dumps({"lockfileVersion": 3, "packages": packages}), encoding="utf-8")
    if "wait" in plan:
        with socket.create_connection(("127.0.0.1", plan["wait"])) as gate:
            gate.sendall(b"working\n")
            gate.recv(1)
    if "meanwhile" in plan:
        subprocess.run(
            [sys.executable, "-c", plan["meanwhile"]], env={**os.environ, "FAKE_NPM": plan["then"]}, check=True
        )
    sys.stderr.write(plan.get("stderr", ""))
    if "error" in plan:
        print(json.dumps({"error": plan["error"]}))
    return int(plan.get("exit", 0))


if __name__ == "__main__":
    raise SystemExit(main())
