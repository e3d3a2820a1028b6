"""Fills the file system that the sandbox is on."""

from __future__ import annotations

import os


def misbehave(_outside: str, _mark: str) -> None:
    with open(os.path.join(os.environ["TMPDIR"], "fill"), "wb") as file:
        try:
            while True:
                file.write(b"x" * 1048576)
                file.flush()
        except OSError:
            os._exit(0)
