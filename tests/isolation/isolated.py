"""Is isolated as hookproof's inner process is, and has a program done in a case's view: `python isolated.py PLAN`.

It prints what came of it as JSON. `playing_inside` starts it.
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from typing import Any

from hookproof.isolation import entry


def _main(plan: dict[str, Any]) -> int:
    serve = entry.begin(plan["level"])
    if serve is not None:
        return serve()
    view = entry.current_view()
    argv = plan["argv"]
    if view is None:
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    else:
        starter = view.starter(plan["folder"], plan["programs"])
        done = starter.call(lambda: subprocess.run(argv, capture_output=True, text=True, check=False))
        starter.close()
    said = {"status": done.returncode, "out": done.stdout, "err": done.stderr}
    print(json.dumps(said | {"isolation": dataclasses.asdict(entry.current())}))
    return 0


if __name__ == "__main__":
    raise SystemExit(_main(json.loads(sys.argv[1])))
