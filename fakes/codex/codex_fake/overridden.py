"""`-c key=value`: values of the configuration that one command line sets otherwise."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .config import Config


def apply(config: Config, overrides: list[tuple[str, str]]) -> None:
    """Set them, in their order. What is no TOML value is a string, as Codex takes it."""
    for key, written in overrides:
        value = _value(written)
        *way, last = key.split(".")
        table: Any = config.document
        for name in way:
            if not isinstance(table.get(name), dict):
                table[name] = {}
            table = table[name]
        table[last] = value
        if key == "model" and isinstance(value, str):
            config.model = value


def _value(written: str) -> Any:
    import tomllib  # noqa: PLC0415 - most command lines override nothing

    try:
        return tomllib.loads(f"value = {written}")["value"]
    except tomllib.TOMLDecodeError:
        return written.strip("\"'")
