"""Where hookproof keeps what it keeps: the same place at every start, and the one that the platform has for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import platformdirs
import pytest
from platformdirs.macos import MacOS
from platformdirs.unix import Unix
from platformdirs.windows import Windows

from hookproof import places

HOME = os.path.abspath(os.sep + "home")  # noqa: PTH100 - as it is spelled on this system
LOCAL = r"C:\Users\user\AppData\Local"
VARIABLES = {"HOME": HOME, "USERPROFILE": HOME, "LOCALAPPDATA": LOCAL, "WIN_PD_OVERRIDE_LOCAL_APPDATA": LOCAL}


@pytest.mark.parametrize(
    ("system", "variables", "where"),
    [
        (Unix, {}, f"{HOME}/.cache/hookproof"),
        (Unix, {"XDG_CACHE_HOME": f"{HOME}/kept"}, f"{HOME}/kept/hookproof"),
        # the specification has what is relative ignored
        (Unix, {"XDG_CACHE_HOME": "kept"}, f"{HOME}/.cache/hookproof"),
        (Unix, {"XDG_CACHE_HOME": ""}, f"{HOME}/.cache/hookproof"),
        (MacOS, {}, f"{HOME}/Library/Caches/hookproof"),
        (Windows, {}, rf"{LOCAL}\hookproof"),
        (Windows, {"HOOKPROOF_CACHE": f"{HOME}/mine"}, f"{HOME}/mine"),
    ],
)
def test_the_cache_is_where_the_platform_has_it(
    system: type[platformdirs.PlatformDirs], variables: dict[str, str], where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platformdirs, "PlatformDirs", system)
    for name in ("HOOKPROOF_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**VARIABLES, **variables}.items():
        monkeypatch.setenv(name, value)
    assert str(places.cache_dir()).replace("\\", "/") == where.replace("\\", "/")


@pytest.mark.skipif(sys.platform != "win32", reason="what Windows itself says")
def test_windows_says_what_its_variable_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOOKPROOF_CACHE", raising=False)
    assert places.cache_dir() == Path(os.environ["LOCALAPPDATA"]) / "hookproof"


def test_who_lists_keeps_nothing_and_pays_for_no_library() -> None:
    kept = "{'platformdirs', 'tomlkit', 'pyte'}"
    code = f"import sys; from hookproof.cli import main; main(['list']); print({kept} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], stdout=PIPE, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"
