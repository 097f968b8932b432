"""`python -m streams STAGE…`: run stages of the speed layer as `ticketyard stream` does."""

import sys

from streams.run import run_stages

if __name__ == "__main__":
    run_stages(*(sys.argv[1:] or [""]))
