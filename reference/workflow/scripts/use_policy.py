"""Gives a copy of this plugin a policy: `python3 use_policy.py fix-146`.

The line goes into the file `policy`; files that are not the documented ones are laid over these. There is no way back
from that: take a new copy.
"""

import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from workflow_lib import policy


def main(line: str) -> int:
    try:
        rules = policy.parse(line)
    except policy.UnknownPolicyError as error:
        print(f"use_policy: {error}", file=sys.stderr)
        return 2
    with open(os.path.join(policy.PLUGIN_ROOT, "policy"), "w", encoding="utf-8") as file:
        file.write(f"{line}\n")
    texts = os.path.join(policy.PLUGIN_ROOT, "texts", rules.texts)
    if os.path.isdir(texts):
        shutil.copytree(texts, policy.PLUGIN_ROOT, dirs_exist_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) == 2 else ""))
