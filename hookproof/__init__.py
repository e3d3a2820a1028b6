"""hookproof: a conformance test suite for the hooks of coding agents, and a harness that reproduces their bugs."""

__version__ = "0.1.0"
