"""The tap: stands in the place of a hook's command, runs it, and tells the journal what a stand-in host would tell.

`python -I -S tap.py COMMANDS.json INDEX [SHELL COMMAND]`, where a host would have run the command itself. What it does
is in the package beside it, which Python keeps compiled.
"""

from __future__ import annotations

import os
import sys

# behind the standard library, whose modules are found first then
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [HERE, os.path.join(os.path.dirname(HERE), "shared")]

from tap_run.main import main  # noqa: E402 - found by the path above

main(sys.argv[1:])
