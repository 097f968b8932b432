"""Makes `.venv-peers`, where Quix Streams is installed for `make bench`: `make setup-peers`.

It requires older versions of confluent-kafka and pydantic than the product's lock has, so it cannot stand in `.venv`,
and an extra would hold the whole lock back. The new environment has its own packages first and those of `.venv`
behind them, so that the model is scored by the very same libraries.
"""

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[3]
FOLDER: Final = ROOT / ".venv-peers"
PYTHON: Final = FOLDER / "bin" / "python"
LOCK: Final = ROOT / "requirements" / "linux-x86_64-py311-peers.txt"
REQUIREMENT: Final = ROOT / "requirements" / "peers.in"
SETUP_COMMAND: Final = "make setup-peers"


def main() -> None:
    """Make the environment afresh, from the lock where it is for this Python, else from the requirement."""
    venv.create(FOLDER, clear=True, with_pip=False)
    locked = sys.platform == "linux" and sys.version_info[:2] == (3, 11)
    wanted = ["--require-hashes", "-r", str(LOCK)] if locked else ["-r", str(REQUIREMENT)]
    pip = [sys.executable, "-m", "pip", "--python", str(PYTHON), "install", "--quiet", *wanted]
    subprocess.run(pip, check=True)
    # Behind its own packages: a line of a .pth file is appended to the path.
    site = next(FOLDER.glob("lib/python*/site-packages"))
    (site / "behind.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
