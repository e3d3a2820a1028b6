"""The table of docs/windows.md: what two machines say of the same cases, side by side, as Markdown.

`python .ci/wine/table.py HERE THERE`, two directories as matrix.py leaves them. A cell is what is violated, with the
signature; where both agree it stands once, where they do not both stand.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

Key = tuple[str, str, str]


def cells(folder: Path) -> dict[Key, str]:
    """(plugin, scenario, lifecycle) -> what came of it."""
    found: dict[Key, str] = {}
    for file in sorted(folder.glob("*.json")):
        for result in json.loads(file.read_text(encoding="utf-8"))["results"]:
            key = (result["plugin"], result["scenario"].removeprefix("jobs/"), result["lifecycle"])
            found[key] = _cell(result)
    return found


def _cell(result: dict[str, Any]) -> str:
    bad = [check["id"].removeprefix("JOB-") for check in result["checks"] if check["verdict"] == "violates"]
    unknown = [check["id"].removeprefix("JOB-") + "?" for check in result["checks"] if check["verdict"] == "unknown"]
    words = [*bad, *unknown, *([f"({result['signature']})"] if result["signature"] else [])]
    return " ".join(words) if bad or unknown else "✓" + (f" ({result['signature']})" if result["signature"] else "")


def main(here: Path, there: Path) -> int:
    one, two = cells(here), cells(there)
    lifecycles = list(dict.fromkeys(lifecycle for _, _, lifecycle in two))
    differing = 0
    print(f"| plugin | pattern | {' | '.join(lifecycles)} |")
    print(f"|---|---|{'---|' * len(lifecycles)}")
    for plugin, scenario in dict.fromkeys((plugin, scenario) for plugin, scenario, _ in sorted(two)):
        row = []
        for lifecycle in lifecycles:
            a, b = (cells_.get((plugin, scenario, lifecycle), "not played") for cells_ in (one, two))
            differing += a != b
            row.append(a if a == b else f"**{a} ≠ {b}**")
        print(f"| {plugin} | {scenario} | {' | '.join(row)} |")
    print(f"\n{len(two)} cases, {differing} differ")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
