"""The plugin's hook, for every event: the host's JSON comes in on stdin, at most one JSON object goes out."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from companion_lib.hooks import main

if __name__ == "__main__":
    sys.exit(main())
