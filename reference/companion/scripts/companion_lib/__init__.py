"""The companion: hands tasks to Codex, remembers what became of them, and tells the session that asked."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing costs as much as everything else that a hook imports
    from typing import IO, Any, TypeAlias

Json = dict[str, "Any"]
Stream: TypeAlias = "IO[bytes]"
