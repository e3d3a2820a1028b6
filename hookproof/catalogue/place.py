"""Where a session has its home, its project and the plugin's copy. Scenarios say it, the sandbox makes it."""

from __future__ import annotations

from hookproof.catalogue.reading import Strict


class Place(Strict):
    """What is asked of the folders of a session."""

    plain: bool = False
    """Every name on the way to them is of ASCII letters alone.

    Else one has a space and, where the system's programs read such names, a letter outside ASCII.
    """
    installed: bool = False
    """The plugin's copy lies in cache/NAME/VERSION, as an installation leaves it, not in a folder of its own name."""
