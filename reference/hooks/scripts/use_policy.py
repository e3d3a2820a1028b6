"""Gives a copy of this plugin a policy: `python3 use_policy.py unquoted`.

The line goes into the file `policy`; hooks files that are not the documented ones are laid over these. There is no way
back from that: take a new copy.
"""

import os
import shutil
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
IN_THE_CODE = ("correct", "own-folder", "leaves-process", "never-lets-go", "floods")
TEXTS = os.path.join(ROOT, "texts")


def main(policy: str) -> int:
    texts = sorted(os.listdir(TEXTS))
    if policy not in (*IN_THE_CODE, *texts):
        print(f"use_policy: expected one of {', '.join((*IN_THE_CODE, *texts))}; found {policy!r}", file=sys.stderr)
        return 2
    with open(os.path.join(ROOT, "policy"), "w", encoding="utf-8") as file:
        file.write(f"{policy}\n")
    if policy in texts:
        shutil.copytree(os.path.join(TEXTS, policy), ROOT, dirs_exist_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) == 2 else ""))
