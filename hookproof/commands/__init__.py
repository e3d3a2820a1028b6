"""The verbs of the command line, one module each, imported when used."""

from __future__ import annotations

from hookproof.errors import HookproofError


class UsageError(HookproofError):
    """A command line that cannot be carried out. The text says what was read and what was expected."""
