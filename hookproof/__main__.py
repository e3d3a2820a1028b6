"""`python -m hookproof`, and the console script: takes over signals before anything else is imported."""

from hookproof import interrupts

interrupts.take()

from hookproof.cli import main  # noqa: E402

if __name__ == "__main__":
    raise SystemExit(main())
