"""`python -m hookproof`."""

from hookproof.cli import main

raise SystemExit(main())
