"""The stand-in of the `claude` program: `python -I -S claude.py -p …`. What it does is in the package beside it."""

from __future__ import annotations

import os
import sys

# behind the standard library, whose modules are found first then: most of what is imported are those
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [HERE, os.path.join(os.path.dirname(HERE), "shared")]

if sys.argv[1:] in (["--version"], ["-v"]):
    from claude_fake.version import show

    sys.exit(show())

from claude_fake.cli import main  # noqa: E402 - found by the path above

sys.exit(main(sys.argv[1:]))
