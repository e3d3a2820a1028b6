"""A plugin's own tests, run in a copy of its repository: as they are, or against a change that should make them fail.

Life: the whole repository is copied to a directory of its own (tests may read files beside the plugin), a file is
changed if a mutant is asked for, and pytest is run by uv, offline, with an allow-listed environment. The copy is
removed afterwards, and with it every process that the tests left.
"""

from __future__ import annotations

import re
import secrets
import shutil
import stat
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hookproof import interrupts, processes
from hookproof.catalogue.descriptor import Criterion
from hookproof.stage import uv
from hookproof.stage.environment import DUMMY_KEY, environment, search_path

_SECONDS = 300.0
_IGNORED = shutil.ignore_patterns(".git", "node_modules", ".venv", "__pycache__")
_RUNNER = """# /// script
# dependencies = [{dependencies}]
# ///
import sys

import pytest

sys.exit(pytest.main(sys.argv[1:]))
"""


@dataclass(frozen=True, slots=True)
class TestRun:
    """How the tests ended: pytest's exit code (None: killed at the deadline) and its last line."""

    __test__ = False

    exit: int | None
    summary: str

    @property
    def passed(self) -> bool:
        """All of them."""
        return self.exit == 0

    @property
    def failed(self) -> bool:
        """Some ran and failed; any other exit code says that they could not be run."""
        return self.exit == 1


class MutantError(Exception):
    """A mutant that does not fit the plugin's file. One sentence."""


def dependencies(criteria: Sequence[Criterion], wanted: Sequence[str]) -> list[str]:
    """What uv must have installed to run the tests that criteria name; nothing when they name none."""
    return [*wanted, "pytest"] if any(each.tests is not None for each in criteria) else []


def run_tests(plugin: Path, criterion: Criterion, needs: Sequence[str]) -> TestRun:
    """Run the criterion's tests on the repository of the plugin at `plugin`. Raises MutantError, uv.UvError."""
    with interrupts.during("the plugin's own tests ran"):
        return interrupts.run(_run_tests(plugin.resolve(), criterion, needs))


async def _run_tests(plugin: Path, criterion: Criterion, needs: Sequence[str]) -> TestRun:
    # all of it in a coroutine: nothing is cut off between two awaits
    root = _root()
    try:
        copy = _copied(plugin, root / "repository", criterion)
        return await _pytest(root, copy, criterion.tests or "", needs)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _root() -> Path:
    return Path(tempfile.mkdtemp(prefix="hp-")).resolve()


def _copied(plugin: Path, copy: Path, criterion: Criterion) -> Path:
    repository = _repository(plugin)
    shutil.copytree(repository, copy, symlinks=True, ignore=_IGNORED)
    if criterion.mutant is not None:
        _mutate(copy / plugin.relative_to(repository) / criterion.mutant, criterion)
    return copy


def _repository(plugin: Path) -> Path:
    """The directory above the plugin that is a checkout, or a marketplace; else the plugin itself."""
    for folder in (plugin, *plugin.parents):
        if (folder / ".git").exists() or (folder / ".claude-plugin" / "marketplace.json").is_file():
            return folder
    return plugin


def _mutate(file: Path, criterion: Criterion) -> None:
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise MutantError(f"{criterion.mutant}: cannot be read: {error.strerror}") from None
    at = text.rfind(criterion.before)
    if at < 0:
        raise MutantError(f"{criterion.mutant}: {criterion.before!r} is not in it")
    file.write_text(f"{text[:at]}{criterion.insert}\n\n{text[at:]}", encoding="utf-8")


async def _pytest(root: Path, copy: Path, tests: str, needs: Sequence[str]) -> TestRun:
    folders = {name: root / name for name in ("home", "tmp", "bin")}
    for folder in folders.values():
        folder.mkdir()
    settings = uv.environment(needs, root / "uv")
    _shim(folders["bin"], settings)
    token = secrets.token_hex(16)
    env = environment(
        home=folders["home"],
        tmp=folders["tmp"],
        path=search_path(folders["bin"], ["git"]),
        token=token,
        recorder="",
        model="http://127.0.0.1:9",
    )
    env = {name: value for name, value in env.items() if value != DUMMY_KEY}
    runner = root / "runner.py"
    runner.write_text(_RUNNER.format(dependencies=", ".join(f'"{name}"' for name in needs)), encoding="utf-8")
    argv = ["uv", "run", "--quiet", "--script", str(runner), "-q", "-p", "no:cacheprovider", tests]
    done = await processes.run_swept(
        [str(folders["bin"] / argv[0]), *argv[1:]],
        token=token,
        env={**env, **settings},
        cwd=copy,
        seconds=_SECONDS,
        waiting_for=f"the plugin's own tests ({tests})",
    )
    said = done.stdout.decode("utf-8", "replace").strip().splitlines()
    last = said[-1] if said else done.stderr.decode("utf-8", "replace").strip()[-200:]
    return TestRun(done.exit.code, re.sub(r"^=+ | =+$", "", last))


def _shim(folder: Path, settings: dict[str, str]) -> None:
    """`uv` as tests find it that start it with hardly any environment: the settings come with the program."""
    real = shutil.which("uv")
    if real is None:
        raise uv.UvError("uv is not on PATH: install it from https://docs.astral.sh/uv or with `pip install uv`")
    if sys.platform == "win32":
        lines = [f"@set {name}={value}" for name, value in settings.items()]
        (folder / "uv.cmd").write_text("\r\n".join([*lines, f'@"{real}" %*', ""]), encoding="utf-8")
        return
    lines = [f"export {name}='{value}'" for name, value in settings.items()]
    script = folder / "uv"
    script.write_text("\n".join(["#!/bin/sh", *lines, f"exec '{real}' \"$@\"", ""]), encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
