"""Where the parts that run in a home can be reached, so that other commands find them without settings."""

from pathlib import Path

import msgspec

from infra.processes.home_lock import owner_of, run_folder


class Endpoints(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses of a running home; `metrics_urls` are the workers' Prometheus pages by part name.

    `intake_url` is empty where the HTTP door for events does not run.
    """

    bootstrap_servers: str
    http_url: str = ""
    intake_url: str = ""
    metrics_urls: dict[str, str] = {}


def record_endpoints(home: Path, endpoints: Endpoints) -> None:
    """Write the addresses; valid as long as the writer holds the home's lock."""
    folder = run_folder(home)
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / "endpoints.partial"
    partial.write_bytes(msgspec.json.encode(endpoints))
    partial.replace(folder / "endpoints.json")


def read_endpoints(home: Path) -> Endpoints | None:
    """Return the addresses of what runs in this home now, None if nothing does."""
    path = run_folder(home) / "endpoints.json"
    if owner_of(home) is None or not path.exists():
        return None
    return msgspec.json.decode(path.read_bytes(), type=Endpoints)
