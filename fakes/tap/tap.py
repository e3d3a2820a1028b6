"""The tap: stands in the place of a hook's command, runs it, and tells the journal what a stand-in host would tell.

`python -I -S tap.py COMMANDS.json INDEX [SHELL COMMAND]`, where a host would have run the command itself. What it does
is in the package beside it, which Python keeps compiled.
"""

from __future__ import annotations

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from tap_run.main import main

main(sys.argv[1:])
