"""A plugin's own tests, run in a copy of its repository: as they are, or against a change that should make them fail.

Life: the whole repository is copied to a directory of its own (tests may read files beside the plugin), a file is
changed if a mutant is asked for, and pytest is run by uv, offline, with an allow-listed environment. The copy is
removed afterwards, and with it every process that the tests left. What leads out of the repository, or cannot be
copied, may have nothing to do with the tests: it is left out, and told.
"""

from __future__ import annotations

import re
import shutil
import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hookproof import claims, files, interrupts, processes
from hookproof.catalogue.descriptor import Criterion
from hookproof.catalogue.tree import IGNORED, Wrong, survey
from hookproof.hosts.registry import HOSTS
from hookproof.sandbox import copying, inside, uv
from hookproof.sandbox.environment import environment, search_path

_SECONDS = 300.0
_IGNORED = IGNORED | {"__pycache__"}
_SHOWN = 3
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
    left_out: tuple[Wrong, ...] = ()
    """What of the repository is not in the copy, beside the folders that never are."""

    @property
    def passed(self) -> bool:
        """All of them."""
        return self.exit == 0

    @property
    def failed(self) -> bool:
        """Some ran and failed; any other exit code says that they could not be run."""
        return self.exit == 1

    @property
    def without(self) -> str:
        """What was left out, as the end of a sentence about the run; nothing when nothing was."""
        if not self.left_out:
            return ""
        more = f" and {len(self.left_out) - _SHOWN} more" if len(self.left_out) > _SHOWN else ""
        return f"; left out of the copy: {', '.join(map(str, self.left_out[:_SHOWN]))}{more}"


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
    repository = _repository(plugin)
    with claims.make("hp-") as claimed:
        copy = claimed.root / "repository"
        tree = survey(repository, whole="repository", ignored=_IGNORED)
        left_out = tree.wrong + copying.copy(tree, copy)
        if criterion.mutant is not None:
            _mutate(copy, copy / plugin.relative_to(repository) / criterion.mutant, criterion)
        run = await _pytest(claimed, copy, criterion.tests or "", needs)
        return replace(run, left_out=tuple(left_out))


def _repository(plugin: Path) -> Path:
    """The directory above the plugin that is a checkout, or a marketplace; else the plugin itself."""
    for folder in (plugin, *plugin.parents):
        if (folder / ".git").exists() or (folder / ".claude-plugin" / "marketplace.json").is_file():
            return folder
    return plugin


def _mutate(copy: Path, file: Path, criterion: Criterion) -> None:
    try:
        real = inside.place(copy, file)
        text = files.read_text(real, inside=copy)
    except files.FileError as error:
        raise MutantError(f"{criterion.mutant}: {error.reason}") from None
    except inside.OutsideError:
        raise MutantError(f"{criterion.mutant}: leads out of the repository") from None
    at = text.rfind(criterion.before)
    if at < 0:
        raise MutantError(f"{criterion.mutant}: {criterion.before!r} is not in it")
    inside.write(copy, real, f"{text[:at]}{criterion.insert}\n\n{text[at:]}")


async def _pytest(claimed: claims.Claimed, copy: Path, tests: str, needs: Sequence[str]) -> TestRun:
    root = claimed.root
    folders = {name: root / name for name in ("home", "tmp", "bin")}
    for folder in folders.values():
        folder.mkdir()
    settings = uv.environment(needs, root / "uv")
    _shim(folders["bin"], settings)
    token = claimed.token
    env = environment(
        home=folders["home"],
        tmp=folders["tmp"],
        path=search_path(folders["bin"], ["git"]),
        token=token,
        recorder="",
        model="http://127.0.0.1:9",
        hosts=HOSTS.values(),
    )
    env = {name: value for name, value in env.items() if name not in {host.key for host in HOSTS.values()}}
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
        folder=root,
        programs=[_uv()],
    )
    lines = done.stdout.decode("utf-8", "replace").strip().splitlines()
    last = lines[-1] if lines else done.stderr.decode("utf-8", "replace").strip()[-200:]
    return TestRun(done.exit.code, re.sub(r"^=+ | =+$", "", last))


def _shim(folder: Path, settings: dict[str, str]) -> None:
    """`uv` as tests find it that start it with hardly any environment: the settings come with the program."""
    real = _uv()
    if sys.platform == "win32":
        lines = [f"@set {name}={value}" for name, value in settings.items()]
        (folder / "uv.cmd").write_text("\r\n".join([*lines, f'@"{real}" %*', ""]), encoding="utf-8")
        return
    lines = [f"export {name}='{value}'" for name, value in settings.items()]
    script = folder / "uv"
    script.write_text("\n".join(["#!/bin/sh", *lines, f"exec '{real}' \"$@\"", ""]), encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)


def _uv() -> str:
    """Where uv is on this machine. Raises UvError."""
    real = shutil.which("uv")
    if real is None:
        raise uv.UvError("uv is not on PATH: install it from https://docs.astral.sh/uv or with `pip install uv`")
    return real
