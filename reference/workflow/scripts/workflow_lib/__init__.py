"""What the hooks of both hosts share: the policy table, the texts, the records, and who a thread is."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing costs as much as everything else that a hook imports
    from typing import Any

Json = dict[str, "Any"]
