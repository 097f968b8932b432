"""What pages load besides themselves: our own style and script, and the libraries' scripts out of set-up's archives."""

import hashlib
import zipfile
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Final

import msgspec

_SCRIPT: Final = "text/javascript"
_OURS: Final = {
    **dict.fromkeys(("style.css", "acts.css"), "text/css"),
    **dict.fromkeys(("page.js", "acts.js", "triage.js", "letters.js"), _SCRIPT),
}
_LIBRARIES: Final = {
    "htmx.js": ("htmx.org-2.0.4.jar", "htmx.org/2.0.4/dist/htmx.min.js", _SCRIPT),
    "sse.js": ("htmx-ext-sse-2.2.2.jar", "htmx-ext-sse/2.2.2/sse.js", _SCRIPT),
    "uplot.js": ("uplot-1.6.30.jar", "uplot/1.6.30/dist/uPlot.iife.min.js", _SCRIPT),
    "uplot.css": ("uplot-1.6.30.jar", "uplot/1.6.30/dist/uPlot.min.css", "text/css"),
}
"""By the name that a page uses: the archive below `jars/web`, the file in it, its media type."""


class Asset(msgspec.Struct, frozen=True):
    """A file, its media type and the name that its content gives it."""

    content: bytes
    media_type: str
    mark: str


class Assets:
    """All files by name; `missing` names the archives that set-up has not fetched: without them nothing moves."""

    def __init__(self, jars: Path) -> None:
        self.missing: list[str] = []
        found = {
            name: (resources.files(__package__).joinpath("static", name).read_bytes(), kind)
            for name, kind in _OURS.items()
        }
        for name, (archive, inside, kind) in _LIBRARIES.items():
            file = jars / "web" / archive
            try:
                with zipfile.ZipFile(file) as opened:
                    found[name] = (opened.read(f"META-INF/resources/webjars/{inside}"), kind)
            except FileNotFoundError:
                self.missing.append(archive)
        self._files: Mapping[str, Asset] = {
            name: Asset(content, kind, hashlib.sha256(content).hexdigest()[:12])
            for name, (content, kind) in found.items()
        }

    def get(self, name: str) -> Asset | None:
        """Return the file of that name, if there is one."""
        return self._files.get(name)

    def address(self, name: str) -> str | None:
        """Return the path of a file, which changes with its content; None where it is missing."""
        found = self._files.get(name)
        return None if found is None else f"/static/{found.mark}/{name}"
