"""The files that a verb writes: which there are, that each can be written, asked before anything is played, and how."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from hookproof.commands import UsageError
from hookproof.report.results import Report, Result
from hookproof.suite.runs import append_line

KINDS = {
    "json": "the results as JSON (its schema: `hookproof --schema`)",
    "junit": "the results as JUnit XML, one test case for each case",
    "html": "the results as one self-contained HTML page",
    "markdown": "the results as a Markdown summary for a pull request",
}
_STEP = "GITHUB_STEP_SUMMARY"


def arguments(parser: argparse.ArgumentParser) -> None:
    """One option per kind of file."""
    group = parser.add_argument_group("output files")
    for kind, what in KINDS.items():
        group.add_argument(f"--{kind}", type=Path, metavar="FILE", help=what)


def check(parsed: argparse.Namespace) -> None:
    """A place that cannot be written is told before anything is played. Raises UsageError."""
    named: dict[Path, str] = {}
    for kind in KINDS:
        path: Path | None = getattr(parsed, kind)
        if path is None:
            continue
        if (other := named.setdefault(path.absolute(), kind)) != kind:
            raise UsageError(f"--{other} and --{kind} both name {path}")
        attempt(path)
        if kind == "json":
            attempt(lines_beside(path))
    if parsed.html is not None:
        _html()


class Lines:
    """The results of a run as they come, one JSON object a line: a run that is cut short keeps what was judged.

    They stand in the run's own directory, and beside the file of `--json`.
    """

    def __init__(self, own: Path, beside: Path | None) -> None:
        self._paths = [own] if beside is None else [own, lines_beside(beside)]
        self._lock = threading.Lock()
        for path in self._paths:
            write(path, "")

    def add(self, result: Result) -> None:
        """Write one down. Called from the threads that play."""
        with self._lock:
            for path in self._paths:
                append_line(path, result.model_dump(mode="json"))


def lines_beside(json: Path) -> Path:
    """Where the results stand as they come: `r.jsonl` for `--json r.json`."""
    return json.with_name(f"{json.name}l" if json.suffix == ".json" else f"{json.name}.jsonl")


def write_all(parsed: argparse.Namespace, report: Report, *, step: bool = True) -> None:
    """Write every file that was asked for; in a step of GitHub's CI, if `step`, the summary and annotations too."""
    write_files(parsed, report)
    if step:
        annotate_ci(report)


def write_files(parsed: argparse.Namespace, report: Report) -> None:
    """Write every file that was asked for. One that cannot be written costs none of the others."""
    from hookproof.report import junit, markdown  # noqa: PLC0415 - only when something is written

    writers: list[Callable[[], object]] = []
    if parsed.json is not None:
        writers.append(partial(write, parsed.json, report.model_dump_json(indent=2) + "\n"))
    for path, writer in ((parsed.junit, junit.write), (parsed.markdown, markdown.write)):
        if path is not None:
            writers.append(partial(_guarded, path, partial(writer, path, report)))
    if parsed.html is not None:
        # the page names the command that plays a case again: with the plugin as it was named here
        names = {each.plugin for each in report.results}
        spec = getattr(parsed, "plugin", None)
        plugins = dict.fromkeys(names, spec) if spec is not None and len(names) == 1 else None
        writers.append(partial(_guarded, parsed.html, partial(_html(), parsed.html, report, plugins=plugins)))
    failed: list[Exception] = []
    for each in writers:
        try:
            each()
        except Exception as error:  # told when the others are written
            failed.append(error)
    if failed:
        raise failed[0]


def annotate_ci(report: Report) -> None:
    """In a step of GitHub's CI: the annotations and the step's summary, where they are asked for."""
    from hookproof.report import annotations, markdown  # noqa: PLC0415 - only when something is written

    if os.environ.get(annotations.VARIABLE) == "github":
        print("\n".join(annotations.lines(report)))
    summary = os.environ.get(_STEP)
    if summary:
        try:
            markdown.append(Path(summary), report)
        except OSError as error:
            # the verdict is what the step is for
            print(f"hookproof: {_STEP}: {summary}: cannot be written: {error.strerror}", file=sys.stderr)


def attempt(path: Path) -> None:
    """Whether `path` can be written, without a change to what is there. Raises UsageError."""

    def touch() -> None:
        new = not path.exists()
        path.open("a", encoding="utf-8").close()
        if new:
            path.unlink()

    _guarded(path, touch)


def write(path: Path, text: str) -> None:
    """Write a result file. Raises UsageError when its place cannot be written."""
    _guarded(path, lambda: path.write_text(text, encoding="utf-8", newline="\n"))


def _guarded(path: Path, action: Callable[[], object]) -> None:
    try:
        action()
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None


def _html() -> Callable[..., object]:
    """What writes the page; imported only when it is asked for."""
    name = "hookproof.report.html.page"
    try:
        written: Callable[..., object] = importlib.import_module(name).write
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise UsageError("--html: this build of hookproof has no HTML report") from None
    return written
