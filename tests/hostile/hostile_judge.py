"""What is wrong with how a run with a hostile plugin has ended, for the test and the figures: a sentence each."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from clean_output import trouble, trouble_of_file, trouble_of_page
from hostile_drive import KINDS, LIMIT, Ended
from hostile_ground import SECRET, Ground, has_ordinary_user, has_small_disk
from hostile_table import REPEATS, SCENARIOS, Manner

from hookproof.isolation.level import Level

CASES = {f"{scenario} #{repeat}" for scenario in SCENARIOS for repeat in range(1, REPEATS + 1)}
PLANTED = "planted-by-plugin"


def lacks(manner: Manner) -> str | None:
    """What this machine has not, of what the manner needs."""
    if sys.platform != "linux" and "linux" in manner.needs:
        return "Linux"
    programs = {"perl", "ssh-agent"} & set(manner.needs)
    missing = [name for name in programs if shutil.which(name) is None]
    if "ordinary user" in manner.needs and not has_ordinary_user():
        missing.append("setpriv, to be an ordinary user")
    if "small disk" in manner.needs and not has_small_disk():
        missing.append("the right to mount a small disk")
    return missing[0] if missing else None


def faults(manner: Manner, level: Level, ended: Ended, here: Ground) -> list[str]:
    """All that is not as the row says."""
    return [
        *_of_the_run(manner, ended, level),
        *_of_what_is_left(manner, ended, level),
        *_of_what_was_said(ended),
        *_of_what_got_out(manner, ended, here, level),
    ]


def _of_the_run(manner: Manner, ended: Ended, level: Level) -> Iterator[str]:
    """Exit status, verdicts and reports."""
    if ended.exit is None:
        yield f"it did not end within {LIMIT:g} s"
        return
    if level in manner.ends_hookproof:
        if ended.exit >= 0 and "its inner process was ended by SIGKILL" not in ended.err:
            yield f"hookproof was not ended, but exited with {ended.exit}"
        return
    if set(ended.results) != CASES:
        yield f"of the cases {sorted(CASES)} there are results of {sorted(ended.results)}"
    if bool(ended.affected) is not bool(manner.events):
        yield f"it misbehaved in {sorted(ended.affected) or 'no case'}"
    for name, result in ended.results.items():
        yield from _of_the_verdict(name, result, manner if name in ended.affected else None)
    expected = int(any(not result["expected"] for result in ended.results.values()))
    if ended.exit != expected:
        yield f"exit {ended.exit}, and the results come to {expected}"
    if set(ended.reports) != set(KINDS):
        yield f"of the reports only {sorted(ended.reports)} were written"
    else:
        yield from _of_the_reports(ended.reports)


def _of_the_verdict(name: str, result: dict[str, Any], manner: Manner | None) -> Iterator[str]:
    """One case; `manner` is what was done to it, if anything."""
    verdict = result["verdict"]
    told = [*result["errors"], *(f"{check['id']} {check['seen']} {check['detail']}" for check in result["checks"])]
    if verdict not in (manner.ends if manner is not None else ("conforms",)):
        yield f"{name} {'(affected) ' if manner else ''}is {verdict}: {told}"
    elif manner is not None and verdict != "conforms":
        if not re.search(manner.names, "\n".join(told), re.DOTALL):
            yield f"{name} is {verdict}, and nothing names {manner.names!r}: {told}"
        if verdict == "unknown" and not result["errors"]:
            yield f"{name} is unknown, and no error says why"
    if manner is None and result["errors"]:
        yield f"{name} was not touched, and has errors: {result['errors']}"


def _of_the_reports(reports: dict[str, str]) -> Iterator[str]:
    if len(list(ET.fromstring(reports["junit"]).iter("testcase"))) < len(CASES):  # noqa: S314 - what we wrote
        yield "the JUnit file lacks cases"
    if "</html>" not in reports["html"]:
        yield "the page has no end"
    for found in trouble_of_page(reports["html"]):
        yield f"the page: {found}"
    for kind in ("html", "markdown", "junit"):
        for found in trouble_of_file(reports[kind]):
            yield f"{kind}: {found}"


def _of_what_is_left(manner: Manner, ended: Ended, level: Level) -> Iterator[str]:
    """Processes and sandboxes; what a killed hookproof leaves is cleared away by the next start."""
    processes, sandboxes = ended.after_next if level in manner.ends_hookproof else (ended.processes, ended.sandboxes)
    if processes:
        yield f"left running: {processes[:5]}"
    if sandboxes:
        yield f"left in the temporary directory: {sandboxes}"


def _of_what_was_said(ended: Ended) -> Iterator[str]:
    for name, text in (("stdout", ended.out), ("stderr", ended.err)):
        for found in trouble(text):
            yield f"{name}: {found}"


def has_escaped(manner: Manner, here: Ground) -> bool:
    """Whether it has got out of the sandbox, as far as the test can see."""
    word = here.outside / "escaped"
    text = word.read_text(encoding="utf-8", errors="replace") if word.exists() else ""
    out = manner.name == "netns" and text.startswith(str(Path("/proc/self/ns/net").readlink()))
    return out or SECRET in text or (here.home / PLANTED).exists()


def _of_what_got_out(manner: Manner, ended: Ended, here: Ground, level: Level) -> Iterator[str]:
    """The user's files and secrets, and whether what the row says of an escape is so."""
    escaped = has_escaped(manner, here)
    changed = {name: how for name, how in ended.home.items() if name != PLANTED}
    if changed:
        yield f"files of the user were changed: {changed}"
    files = [path for path in (here.base / "cache").rglob("*") if path.is_file() and not path.is_symlink()]
    leaked = [path for path in files if SECRET.encode() in path.read_bytes()]
    leaked += [
        Path(name) for name, text in {**ended.reports, "output": ended.out + ended.err}.items() if SECRET in text
    ]
    if leaked:
        yield f"a secret of the user stands in {[str(path) for path in leaked][:5]}"
    if (level in (manner.escapes or ())) is not escaped:
        yield f"the row says that it gets out at {manner.escapes}, and it is {'open' if escaped else 'closed'}"
