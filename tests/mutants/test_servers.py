"""A plugin whose shared server does not come up within the plugin's own time, so that each job has a Codex of its own.

What a session's end would have done to the server shows nowhere then: it is neither a violation nor a pass.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from miniature import change, copied, descriptor, played

FALLS_BACK = """\
    try:
        connected = server.connect(workspace)
    except OSError:  # as 1.0.4 does, whose broker has two seconds to come up
        return _with_own_server(workspace, _job, talk)
    with connected as connection, connection.makefile("rb") as reader:
"""


def checks(plugin: Path, folder: Path, scenario: str) -> dict[str, dict[str, Any]]:
    words = ["--descriptor", str(descriptor(folder)), "--replays", "0"]
    _, said, document = played(plugin, folder, scenario, *words)
    (result,) = document["results"]
    assert result["verdict"] != "unknown", said
    return {check["id"]: check for check in result["checks"]}


@pytest.mark.parametrize(
    ("policy", "scenario", "requirement"),
    [
        ("keep-background", "jobs/exit-while-running", "JOB-07"),
        ("as-reported", "jobs/another-session-ends", "JOB-05"),
        ("as-reported", "jobs/silent-server", "JOB-11"),
    ],
)
def test_a_server_that_never_came_up_was_not_tested(
    policy: str, scenario: str, requirement: str, tmp_path: Path
) -> None:
    plugin = copied(tmp_path)
    (plugin / "policy").write_text(f"{policy}\n", encoding="utf-8")
    library = plugin / "scripts" / "companion_lib"
    line = '    with server.connect(workspace) as connection, connection.makefile("rb") as reader:\n'
    change(library / "worker.py", line, FALLS_BACK)
    change(library / "server.py", "if not processes.start(argv, unmarked, log, detached=True).speaks():", "if log:")
    check = checks(plugin, tmp_path, scenario)[requirement]
    assert check["verdict"] == "not tested", check
    assert "the server that the plugin's jobs share" in check["detail"]
