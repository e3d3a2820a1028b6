"""Delays a command of a shell until the harness releases it; stands before the command.

`exec hold.py job=NAME COMMAND`, or `hold.py job=NAME && COMMAND` for a shell that has no exec: it tells the recorder
that the shell of that job is held and, answered a second time, becomes the command or ends. Without an answer (the
run is over) it fails, so that the command never begins.
"""

import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "shared"))

from standin.wire import recorder_of_the_run


def main(job: str, *command: str) -> int:
    recorder = recorder_of_the_run("hold")
    recorder.write("shell.held", job=job.partition("=")[2])
    if not recorder.wait():
        return 1
    if command:
        os.execvp("bash", ["bash", "-c", *command])  # noqa: S606 - it is the shell that goes on
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
