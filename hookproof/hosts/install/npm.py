"""Asking npm for a package: the ordinary client, with the user's own configuration, and nothing of the package run.

npm checks what it downloads against the registry's integrity and writes down what it checked; its failures are told
as one sentence that says what to do.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hookproof import files, processes
from hookproof.errors import DeadlineMissedError, HookproofError

SECONDS = 1800.0
"""As long as a download of some hundred megabytes may take."""

_OPTIONS = (
    # nothing of the package runs, and nothing is written but below the prefix
    *("--ignore-scripts", "--no-save", "--no-audit", "--no-fund"),
    # what the user's configuration may say otherwise: the platforms' programs are optional packages, npm itself is
    # of no interest here, and whether Node fits matters only to a program that Node runs
    *("--no-global", "--location=project", "--include=optional", "--no-engine-strict", "--no-update-notifier"),
    *("--json", "--loglevel=warn"),
)
# npm is content with files that it could not write in full (measured with 11.19 on a full disk: a warning, status 0)
_UNWRITTEN = re.compile(rb"TAR_ENTRY_ERROR (E[A-Z]+)")
_LOCK = Path("node_modules", ".package-lock.json")
_NETWORK = re.compile(
    r"ENOTFOUND|EAI_\w+|ECONN\w+|E\w*TIMEDOUT|ENETUNREACH|EHOSTUNREACH|EPIPE|ENETDOWN|EPROTO|ERR_SOCKET\w*|ERR_NETWORK"
)
_TRUST = re.compile(r"\w*CERT\w*|UNABLE_TO_\w+|ERR_TLS\w*")


class NpmError(HookproofError):
    """npm did not bring the package. One sentence."""


async def install(
    package: str, version: str, folder: Path, *, token: str, also: str | None = None
) -> Mapping[str, Any]:
    """Install `package` into `folder`, which exists. Returns npm's entry for each package, by its path in `folder`.

    `also` (NAME@SPEC) is one of its optional packages that must not be left out. `token` marks the processes.
    Raises NpmError.
    """
    program = shutil.which("npm")
    if program is None:
        raise NpmError("npm is not on PATH: real hosts come from npm, which comes with Node.js")
    argv = [program, "install", "--prefix", str(folder), *_OPTIONS, f"{package}@{version}", *([also] if also else [])]
    what = f"npm to install {package}@{version}"
    try:
        done = await processes.run_swept(
            argv,
            token=token,
            env=os.environ,
            cwd=folder,
            seconds=SECONDS,
            waiting_for=what,
        )
    except (OSError, DeadlineMissedError) as error:
        raise NpmError(str(error)) from None
    if done.exit.code != 0:
        how = f"exit status {done.exit.code}" if done.exit.signal is None else f"signal {done.exit.signal}"
        raise NpmError(_sentence(package, version, folder, _error(done.stdout, done.stderr), how))
    unwritten = _UNWRITTEN.search(done.stderr)
    if unwritten is not None:
        raise NpmError(
            _sentence(package, version, folder, (unwritten[1].decode(), "files were not written in full"), "")
        )
    return _installed(folder)


def _installed(folder: Path) -> Mapping[str, Any]:
    try:
        table = files.read_json(folder / _LOCK, limit=files.RECORDED)["packages"]
    except (files.FileError, KeyError, TypeError):
        raise NpmError("npm did not write down what it installed: npm 7 or newer is needed") from None
    return {name: entry for name, entry in table.items() if isinstance(entry, dict)}


def _error(stdout: bytes, stderr: bytes) -> tuple[str, str]:
    """npm's code and summary: from its JSON, else from its log lines."""
    try:
        error = files.parse_json(stdout)["error"]
        return str(error.get("code") or ""), str(error.get("summary") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        text = "\n".join(stderr.decode("utf-8", "replace").splitlines())
    lines = re.findall(r"^npm (?:error|ERR!) (.+)", text, re.MULTILINE) or text.splitlines()
    codes = [line.removeprefix("code ") for line in lines if line.startswith("code ")]
    others = [line for line in lines if line.strip() and not line.startswith("code ")]
    return (codes or [""])[0], (others or [""])[0]


def _sentence(package: str, version: str, folder: Path, error: tuple[str, str], how: str) -> str:  # noqa: PLR0911
    code, summary = error
    summary = " ".join(summary.split())
    if code in {"ETARGET", "ENOVERSIONS"}:
        return f"there is no version {version} of {package} (`npm view {package} versions` shows which there are)"
    if code == "E404":
        return f"npm's registry has no {package}@{version}, or does not show it to you (E404)"
    if code in {"E401", "E403", "ENEEDAUTH"}:
        return (
            f"npm's registry refuses to give {package} ({code}): see the registry and login of your npm configuration"
        )
    if code in {"ENOSPC", "EDQUOT"}:
        return f"no space is left for {package}@{version} in {folder.parent}, or in npm's own cache ({code})"
    if code in {"EACCES", "EPERM", "EROFS"}:
        return f"npm may not write where it must ({code}): {summary}"
    if code == "EINTEGRITY":
        return f"what npm received is not what the registry promised for {package}@{version} (EINTEGRITY)"
    if code == "ENOTCACHED":
        return f"npm is configured to stay offline and does not have {package}@{version} in its cache (ENOTCACHED)"
    if _NETWORK.fullmatch(code):
        return f"npm cannot reach its registry ({code}): check the network, or npm's proxy and registry"
    if _TRUST.fullmatch(code):
        return f"npm does not trust the certificate of its registry ({code}): see cafile in npm's configuration"
    return f"npm could not install {package}@{version} ({code or how}): {summary or 'it did not show why'}"
