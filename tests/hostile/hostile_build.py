"""A hostile copy of the reference companion: the plugin as it is, with one bad manner in its hook."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from hostile_table import Manner

from hookproof import places

MANNERS = Path(__file__).parent / "manners"
_HEAD = '''\
"""hostile: {name}"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from manner_entry import enter

enter({module!r}, {events!r}, once={once!r}, reads={reads!r}, outside={outside!r}, mark={mark!r})
'''


def build(manner: Manner, copy: Path, *, outside: Path, mark: str) -> None:
    """Make the copy. `outside` is where it may write although it is not in the sandbox; `mark` is its number."""
    shutil.copytree(places.REFERENCE / "companion", copy)
    hook = copy / "scripts" / "hook.py"
    docstring, _, rest = hook.read_text(encoding="utf-8").partition("\n")
    assert docstring.startswith('"""'), docstring
    assert docstring.endswith('"""'), docstring
    head = _HEAD.format(
        name=manner.name,
        module=manner.module,
        events=manner.events,
        once=manner.once,
        reads=manner.reads,
        outside=str(outside),
        mark=mark,
    )
    hook.write_text(head + rest, encoding="utf-8")
    for name in (manner.module, "manner_entry", "manner_help"):
        shutil.copy(MANNERS / f"{name}.py", copy / "scripts")
    if manner.version:
        manifest = copy / ".claude-plugin" / "plugin.json"
        content = json.loads(manifest.read_text(encoding="utf-8")) | {"version": manner.version}
        manifest.write_text(json.dumps(content), encoding="utf-8")
    if manner.timeout != "as it is":
        _set_timeouts(copy / "hooks" / "hooks.json", manner.timeout)


def _set_timeouts(file: Path, timeout: int | None) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    for hook in (hook for groups in content["hooks"].values() for group in groups for hook in group["hooks"]):
        hook.pop("timeout")
        if timeout is not None:
            hook["timeout"] = timeout
    file.write_text(json.dumps(content, indent=2), encoding="utf-8")
