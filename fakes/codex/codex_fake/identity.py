"""The identity of a thread to its hooks and to the model: its session, parent and role; main, child or reviewer."""

from __future__ import annotations

from .threads import Thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .config import Config
    from .hooks import Hooks
    from .lifecycle import Lifecycle
    from .rollout import Rollout

    Json = dict[str, Any]

MARK = "[hookproof:agent="
ROOT_PATH = "/root"
DEFAULT_TYPE = "default"


class Identity:
    """What there is to know of one thread beyond its words."""

    def __init__(
        self, thread_id: str, kind: str, *, hooks: Hooks, config: Config, parent: HostThread | None = None
    ) -> None:
        self.thread_id = thread_id
        self.kind = kind
        """`main`, `child` or `review`."""
        self.parent = parent
        above = parent.identity if parent is not None else None
        self.root: str = above.root if above is not None else thread_id
        """The id of the session that all threads of one conversation share."""
        self.depth: int = above.depth + 1 if above is not None and kind == "child" else 0
        self.hooks = hooks
        self.config = config
        self.source: Any = "vscode"
        self.role: str | None = None
        self.nickname: str | None = None
        self.path: str | None = ROOT_PATH if kind == "main" else None
        self.start: str | None = "starts"
        """What of the moments of a start the next turn is, if it is one: `starts`, `is resumed` and so on."""
        self.begun = False
        self.marker: str | None = None
        self.announced = False
        self.window = 0
        self.usage: dict[str, int] = {}
        """The tokens that it has used, as the model counts them."""
        self.last_usage: dict[str, int] = {}
        """Those of its latest request."""
        self.latest_turn = ""
        """The id of the turn that began last."""
        self.deepest = 1
        """Threads below this depth may spawn others."""
        self.messages: list[tuple[Json, bool]] = []
        """What other agents have sent, and whether it is reason enough to go on. Under the thread's lock."""

    @property
    def agent_type(self) -> str:
        """How hooks call an agent of this role."""
        return self.role or DEFAULT_TYPE

    @property
    def generation(self) -> str:
        """Which set of agent tools its conversation has: `v2`, `v1` or none (`disabled`)."""
        if self.kind == "review":
            return "disabled"
        if self.config.feature("multi_agent_v2", False):
            return "v2"
        return "v1" if self.config.feature("multi_agent", True) else "disabled"

    def tools(self, lifecycle: Lifecycle) -> str:
        """Which set it may use itself: those too deep down may spawn nobody."""
        generation = self.generation
        limited = generation == "v1" or lifecycle["agent_depth_limits_v2"]
        return "disabled" if limited and self.depth >= self.deepest else generation

    @property
    def sort(self) -> str:
        """How the table of events names its thread: `child` in the moment `child is prompted`."""
        if self.kind == "main":
            return "thread"
        return "v2 child" if self.kind == "child" and self.path is not None else self.kind

    def headers(self, lifecycle: Lifecycle) -> dict[str, str]:
        """What names the thread in a request to the model."""
        names = lifecycle["headers"]
        named = {
            "x-codex-window-id": f"{self.thread_id}:{self.window}",
            "x-client-request-id": self.thread_id,
            names["session"]: self.root,
            names["thread"]: self.thread_id,
        }
        if self.kind == "main":
            return named
        with_parent = self.kind == "child" or lifecycle["review_names_parent"]
        parent = {"x-codex-parent-thread-id": self.parent.id} if with_parent and self.parent is not None else {}
        return {"x-openai-subagent": "collab_spawn" if self.kind == "child" else "review", **parent, **named}


class HostThread(Thread):
    """A conversation of which hooks and the model are told who it is."""

    def __init__(self, identity: Identity, *, cwd: str, ms: int, rollout: Rollout | None, model: str | None) -> None:
        super().__init__(identity.thread_id, cwd=cwd, ms=ms, rollout=rollout, model=model)
        self.identity = identity


def hosted(thread: Thread) -> HostThread:
    """A thread in a host: they all are."""
    assert isinstance(thread, HostThread)
    return thread


def of(thread: Thread) -> Identity:
    """The identity of a thread in a host."""
    return hosted(thread).identity


def marker_in(text: str) -> str | None:
    """The agent that the last marker of a prompt names."""
    _, found, rest = text.rpartition(MARK)
    name, closed, _ = rest.partition("]")
    return name if found and closed else None
