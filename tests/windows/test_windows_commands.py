"""What cmd.exe is given of a hook's command, where there is no Git Bash to read it."""

from __future__ import annotations

import importlib

import pytest

windows = importlib.import_module("claude_fake.windows")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('python3 "${CLAUDE_PLUGIN_ROOT}/hook.py"', 'python3 "C:\\a plugin/hook.py"'),
        ("echo ${NOT_THERE}.", "echo ."),
        ("echo $CLAUDE_PLUGIN_ROOT $PATH", "echo $CLAUDE_PLUGIN_ROOT $PATH"),
        ("echo ${HOME:-x} ${", "echo ${HOME:-x} ${"),
    ],
)
def test_variables_in_braces_are_replaced_as_bash_does(written: str, read: str) -> None:
    assert windows._expanded(written, {"CLAUDE_PLUGIN_ROOT": "C:\\a plugin"}) == read
