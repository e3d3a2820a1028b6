"""Playing: one case becomes one journal."""

from hookproof.play.case import play
from hookproof.play.cases import Case, PlayOptions

__all__ = ["Case", "PlayOptions", "play"]
