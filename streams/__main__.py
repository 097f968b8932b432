"""`python -m streams STAGE`: run one stage of the speed layer as `ticketyard stream STAGE` does."""

import sys

from streams.run import run_stage

if __name__ == "__main__":
    run_stage(sys.argv[1] if len(sys.argv) > 1 else "")
