"""A program that stands before a command in a shell, and holds it there until the harness lets it go.

`exec hold.py job=NAME COMMAND`, or `hold.py job=NAME && COMMAND` for a shell that has no exec: it tells the recorder
that the shell of that job is held and, answered a second time, becomes the command or ends. Without an answer (the
run is over) it fails, so that the command never begins.
"""

import json
import os
import socket
import sys

SECONDS = 5.0


def main(job: str, *command: str) -> int:
    if not is_let_go(job):
        return 1
    if command:
        os.execvp("bash", ["bash", "-c", *command])  # noqa: S606 - it is the shell that goes on
    return 0


def is_let_go(job: str) -> bool:
    host, _, port = os.environ["HOOKPROOF_RECORDER"].rpartition(":")
    with socket.create_connection((host, int(port)), SECONDS) as connection:
        hello = {"token": os.environ.get("HOOKPROOF_TOKEN"), "source": "hold", "pid": os.getpid()}
        held = {"kind": "shell.held", "job": job.partition("=")[2]}
        for record in (hello, held):
            connection.sendall(json.dumps(record).encode() + b"\n")
            if not connection.recv(1):
                return False
        connection.settimeout(None)
        return bool(connection.recv(1))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
