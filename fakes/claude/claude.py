"""The stand-in of the `claude` program: `python -I -S claude.py -p …`. What it does is in the package beside it."""

from __future__ import annotations

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

if sys.argv[1:] in (["--version"], ["-v"]):
    from claude_fake.version import show

    sys.exit(show())

from claude_fake.cli import main

sys.exit(main(sys.argv[1:]))
