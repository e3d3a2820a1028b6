"""A directory of a test's own that the programs of an isolated run can see, which find `/tmp` empty.

It lies where temporary things do not: in a cache. Everybody may enter it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

HIDDEN = ("/tmp", "/var/tmp", "/dev/shm")
_CHECKOUT = Path(__file__).resolve().parents[1]


@contextlib.contextmanager
def open_place(prefix: str = "hk-") -> Iterator[Path]:
    """Make it, and remove it whatever is in it."""
    made = Path(tempfile.mkdtemp(prefix=prefix, dir=_parent())).resolve()
    made.chmod(0o755)
    try:
        yield made
    finally:
        for folder in [made, *(path for path in made.rglob("*") if path.is_dir() and not path.is_symlink())]:
            with contextlib.suppress(OSError):
                folder.chmod(0o755)
        shutil.rmtree(made, ignore_errors=True)


def _parent() -> Path:
    """The first of these that can be written; root's home would be closed to others, and so is not among them."""
    if os.name == "nt":
        return Path(tempfile.gettempdir())
    wanted = [Path("/var/cache"), Path(os.path.expanduser("~")) / ".cache", _CHECKOUT, Path(tempfile.gettempdir())]  # noqa: PTH111 - not an error where there is no home
    for place in wanted:
        with contextlib.suppress(OSError):
            place.mkdir(exist_ok=True)
            real = str(place.resolve())
            if os.access(real, os.W_OK | os.X_OK) and not any(f"{real}/".startswith(f"{each}/") for each in HIDDEN):
                return place
    return Path(tempfile.gettempdir())
