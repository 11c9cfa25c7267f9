"""`python -m tests.campaigns [NAME …] [--count N] [--folder F]`: run campaigns, or what is left of them."""

import sys

from tests.campaigns._running import main

if __name__ == "__main__":
    sys.exit(main())
