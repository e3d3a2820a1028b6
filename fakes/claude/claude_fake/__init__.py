"""A stand-in for the `claude` program whose behaviour is data: see `lifecycles/`."""

import os

DEFAULT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lifecycles", "claude-2.1.91.toml")
"""The behaviour of a host that is told no other."""
