"""The command line, called in this process, and what must be true of its end whatever it was given."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from pathlib import Path

from clean_output import trouble, trouble_of_file, trouble_of_page

from hookproof import cli

GOOD = {0, 1, 2}
"""As expected, not as expected, told. Never 3: that would be a fault of hookproof's."""


@dataclass(frozen=True, slots=True)
class Called:
    """How one call ended."""

    argv: list[str]
    exit: int
    out: str
    err: str


def call(argv: list[str]) -> Called:
    """`hookproof ARGV`, with streams as a terminal of UTF-8 has them."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = cli.main(argv)
        except SystemExit as left:  # argparse
            status = int(left.code or 0)
    return Called(argv, status, _text(out), _text(err))


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode("utf-8")


def check(called: Called, *, names: str | None = None, pages: tuple[Path, ...] = ()) -> None:
    """Exit 0, 1 or 2, nothing dangerous printed, what is wrong told with the name of the file, and clean pages."""
    assert called.exit in GOOD, f"{called.argv} ended with {called.exit}: {called.err[-800:]}"
    for said in (called.out, called.err):
        assert not trouble(said), f"{called.argv} printed {trouble(said)}"
    if called.exit == 2:
        assert called.err.strip(), f"{called.argv} ended with 2 and said nothing"
        assert names is None or names in called.err, f"{called.argv} does not name {names}: {called.err[-400:]}"
    for page in pages:
        if page.exists():
            text = page.read_bytes().decode("utf-8")
            wrong = [*trouble_of_file(text), *(trouble_of_page(text) if page.suffix == ".html" else [])]
            assert not wrong, f"{called.argv} wrote {wrong} into {page.name}"
            page.unlink()


def judged(called: Called) -> bool:
    """Whether the input was taken, and not told as wrong."""
    return called.exit != 2
