"""Telling people that an installation goes on; how it looks is the command line's affair."""

from __future__ import annotations


class Progress:
    """What an installation tells while it lasts; this one is silent."""

    def say(self, text: str) -> None:
        """One line for people."""

    def busy(self, text: str) -> None:
        """It still goes on. Called a few times a second."""

    def done(self) -> None:
        """What was busy is over."""
