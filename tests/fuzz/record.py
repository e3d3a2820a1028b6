"""Records the inputs that the fuzzers spoil: `python tests/fuzz/record.py`, after the journal's format has changed.

They are kept, and not played anew for each run of the tests, so that a gate spoils the very same bytes every time. What
would tell of the machine that recorded them is taken out.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from hookproof import places

INPUTS = Path(__file__).parent / "inputs"
PLAYED = (
    ("jobs/pattern-c", "reference:as-reported", "as-reported-345"),
    ("context/main-session", "reference-workflow", "codex-0.130"),
    ("context/unknown-agent", "reference-workflow", "codex-0.130"),
)


def record() -> None:
    """Play each, and keep its journal and one results file of all."""
    INPUTS.mkdir(exist_ok=True)
    results = []
    for scenario, plugin, lifecycle in PLAYED:
        with tempfile.TemporaryDirectory() as folder:
            to = ["--runs", f"{folder}/runs", "--json", f"{folder}/r.json", "--replays", "0"]
            words = ["run", scenario, "--plugin", plugin, "--lifecycle", lifecycle, *to]
            subprocess.run([sys.executable, "-m", "hookproof", *words], check=True)
            (journal,) = Path(folder, "runs").glob("2*/*/journal.jsonl")
            name = scenario.rpartition("/")[2]
            (INPUTS / f"{name}.jsonl").write_text(_cleaned(journal.read_text(encoding="utf-8")), encoding="utf-8")
            report = json.loads(Path(folder, "r.json").read_text(encoding="utf-8"))
            report["results"][0]["journal"] = f"{name}.jsonl"
            results.append(report)
    whole = {**results[0], "results": [each["results"][0] for each in results]}
    whole["summary"] |= {"cases": len(results)}
    (INPUTS / "results.json").write_text(_cleaned(json.dumps(whole, indent=1)) + "\n", encoding="utf-8")


def _cleaned(text: str) -> str:
    text = re.sub(r"/[\w./-]*/hp-\w+", "/sandbox", text)
    text = re.sub(r"-[\w-]*-hp-\w+", "-sandbox", text)
    text = re.sub(r'"(platform)": ?"[^"]*"', r'"\1":"Linux-6.1-x86_64-with-glibc2.36"', text)
    root = str(places.FAKES.parent)
    for path, name in ((str(Path(sys.executable).resolve()), "/usr/bin/python3"), (sys.executable, "/usr/bin/python3")):
        text = text.replace(path, name)
    return text.replace(root, "/hookproof")


if __name__ == "__main__":
    record()
