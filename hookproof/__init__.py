"""hookproof: replays hook stories of coding agents and says what became of the job."""

__version__ = "0.1.0"
