"""What the stand-in for Codex CLI is made of. Stdlib only; nothing of the harness is imported."""
