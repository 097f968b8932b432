"""Entry point of `ticketyard`."""

import importlib.util
import sys


def main() -> None:
    """Run the command line and end the process with its exit code."""
    if importlib.util.find_spec("click") is None:
        # A producer's install has the command's name too, but not what it stands on.
        sys.exit(
            "The command ticketyard is not installed whole: run `pip install 'ticketyard[cli]'`, "
            "or with the extra of the part that it is to run (streams, batch, serving)."
        )
    from infra.cli.root import run  # noqa: PLC0415 - see above

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
