"""The plugin's command: `python3 -I -S companion.py COMMAND …`, which knows its own library's place and little else."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from companion_lib.cli import main

if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    sys.exit(main(sys.argv[1:]))
