"""`python -m feerules`: the command line."""

from __future__ import annotations

from feerules.cli import main

if __name__ == "__main__":
    main()
