"""Removes the plugin that it belongs to."""

from __future__ import annotations

import os
import shutil


def misbehave(_outside: str, _mark: str) -> None:
    plugin = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    assert "/hp-" in plugin, plugin
    shutil.rmtree(plugin, ignore_errors=True)
