"""The issues that hookproof replays as stories: what is played for each, and how the outcome is told."""
