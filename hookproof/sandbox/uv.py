"""uv in the stage: what a plugin's scripts depend on is installed once, with the network, and copied into every run.

Life: the seed is filled by a script of our own that names the same dependencies, with the user's own settings (his
index may be configured there); nothing of the plugin runs then. A run has a copy of it, because uv writes into its
cache and cannot use one that it may not write to (measured on uv 0.13); there it is told to stay offline.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hookproof import interrupts, places, processes
from hookproof.errors import DeadlineMissedError, HookproofError

_SECONDS = 300.0
# made anew in every run, for a path of its own
_PER_SCRIPT = "environments-v2"


class UvError(HookproofError):
    """uv could not install what a plugin's scripts depend on. One sentence."""


def seed(dependencies: Sequence[str]) -> Path:
    """Where the filled cache for these dependencies is, or will be."""
    what = "\n".join([*sorted(dependencies), f"{sys.version_info.major}.{sys.version_info.minor}"])
    return places.cache_dir() / "uv" / hashlib.sha256(what.encode()).hexdigest()[:16]


def fill(dependencies: Sequence[str]) -> bool:
    """Fill the cache unless it is filled. Whether it had to be. Raises UvError."""
    wanted = seed(dependencies)
    if wanted.is_dir():
        return False
    wanted.parent.mkdir(parents=True, exist_ok=True)
    with interrupts.during("uv installed what the plugin's scripts depend on"):
        interrupts.run(_fill(dependencies, wanted))
    return True


async def _fill(dependencies: Sequence[str], wanted: Path) -> None:
    with tempfile.TemporaryDirectory(dir=wanted.parent) as folder:
        script = Path(folder) / "dependencies.py"
        listed = ", ".join(f'"{name}"' for name in dependencies)
        script.write_text(f"# /// script\n# dependencies = [{listed}]\n# ///\n", encoding="utf-8")
        cache = Path(folder) / "cache"
        await _uv(script, cache)
        shutil.rmtree(cache / _PER_SCRIPT, ignore_errors=True)
        _publish(cache, wanted)


def _publish(cache: Path, wanted: Path) -> None:
    try:
        cache.rename(wanted)
    except OSError:
        if not wanted.is_dir():  # else another start of hookproof was quicker
            raise


async def _uv(script: Path, cache: Path) -> None:
    argv = ["uv", "run", "--quiet", "--no-project", "--script", str(script)]
    try:
        done = await processes.run_swept(
            argv,
            token=secrets.token_hex(16),
            env={**os.environ, "UV_CACHE_DIR": str(cache), "UV_PYTHON_DOWNLOADS": "never"},
            cwd=".",  # the user's own settings may be there
            seconds=_SECONDS,
            waiting_for="uv to install the plugin's dependencies",
        )
    except FileNotFoundError:
        raise UvError("uv is not on PATH: install it from https://docs.astral.sh/uv or with `pip install uv`") from None
    except DeadlineMissedError:
        raise UvError(f"uv did not finish installing the plugin's dependencies within {_SECONDS:.0f} s") from None
    if done.exit.code != 0:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        why = lines[-1] if lines else done.exit.code if done.exit.signal is None else f"signal {done.exit.signal}"
        raise UvError(f"uv could not install the plugin's dependencies: {why}")


def environment(dependencies: Sequence[str], own: Path) -> dict[str, str]:
    """What a run's processes need to use a copy of the seed, which is made at `own`. Raises UvError without a seed."""
    if not seed(dependencies).is_dir():
        raise UvError("the plugin's dependencies are not installed yet: `hookproof run` does that before it plays")
    shutil.copytree(seed(dependencies), own, symlinks=True)
    return {"UV_CACHE_DIR": str(own), "UV_OFFLINE": "1", "UV_PYTHON_DOWNLOADS": "never", "UV_NO_CONFIG": "1"}
