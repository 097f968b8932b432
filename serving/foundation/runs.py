"""Finds the batch run to serve by its pointer, and trusts it only after checking its manifest and files."""

from hashlib import sha256
from pathlib import Path

import msgspec

from schemas.views.definitions import definition_of
from schemas.views.manifest import CURRENT_NAME, FORMAT_VERSION, CurrentRun, Manifest
from serving.foundation.errors import RunUnusable


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One checked batch run: its manifest, and per view the Parquet files that hold it, if any."""

    manifest: Manifest
    files: dict[str, tuple[str, ...]]

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return self.manifest.run_id

    def has_of_today(self, view: str) -> bool:
        """Tell whether the run has a view as it is defined now, not as another version defined it."""
        found = self.manifest.views.get(view)
        return found is not None and found.definition == definition_of(view)


def read_pointer(views: Path) -> CurrentRun | None:
    """Return what CURRENT.json names, or None before the first run. Raises RunUnusable."""
    path = views / CURRENT_NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=CurrentRun)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise RunUnusable(f"{path} cannot be read: {error}; run `ticketyard batch run` again") from error


def load_run(views: Path, pointer: CurrentRun) -> Run:
    """Return the run that `pointer` names. Raises RunUnusable where anything is not as promised."""
    path = views / pointer.manifest
    try:
        body = path.read_bytes()
        found = sha256(body).hexdigest()
        if found != pointer.sha256:
            raise RunUnusable(f"{path} has sha256 {found}, but {CURRENT_NAME} promises {pointer.sha256}")
        manifest = msgspec.json.decode(body, type=Manifest)
    except (OSError, msgspec.DecodeError) as error:
        raise RunUnusable(f"{path} cannot be read: {error}") from error
    if manifest.format_version != FORMAT_VERSION:
        raise RunUnusable(f"{path} has format {manifest.format_version}; this version reads {FORMAT_VERSION}")
    if manifest.run_id != pointer.run_id:
        raise RunUnusable(f"{path} is of run {manifest.run_id}, but {CURRENT_NAME} names {pointer.run_id}")
    files = {name: _parquet_files(path.parent, view.path, view.rows) for name, view in manifest.views.items()}
    return Run(manifest=manifest, files=files)


def _parquet_files(folder: Path, relative: str, rows: int) -> tuple[str, ...]:
    place = folder / relative
    found = [place] if place.is_file() else sorted(place.rglob("*.parquet"))
    # Writers name what they are not done with by a leading underscore or dot.
    files = tuple(str(file) for file in found if not file.relative_to(folder).name.startswith(("_", ".")))
    if rows and not files:
        raise RunUnusable(f"{place} should hold {rows} rows and has no Parquet file")
    return files
