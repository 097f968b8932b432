"""Turns what a page found into HTML, with the words of one language."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import jinja2
import yaml
from markupsafe import Markup

from schemas.views.metrics import metrics
from serving.pages import shown
from serving.pages.assets import Assets

_FOLDER: Final = Path(str(resources.files(__package__)))
_ENGLISH: Final = "en"
PAGES: Final = (
    "now",
    "triage",
    "tickets",
    "operations",
    "understanding",
    "satisfaction",
    "agents",
    "data",
    "system",
)
"""The pages of the navigation, by their paths."""


@cache
def texts() -> Mapping[str, Mapping[str, Any]]:
    """Return the words of all pages by language; the English ones of metrics are those of their definitions."""
    files = sorted((_FOLDER / "texts").glob("*.yaml"))
    found = {file.stem: yaml.safe_load(file.read_text(encoding="utf-8")) for file in files}
    said = {name: {"title": one.title, "meaning": one.meaning} for name, one in metrics().items()}
    return found | {_ENGLISH: found[_ENGLISH] | {"metrics": said}}


def language_of(header: str) -> str:
    """Return the language that a header Accept-Language asks for first of those that there are; else English."""
    for part in header.split(","):
        wanted = part.partition(";")[0].strip().lower().partition("-")[0]
        if wanted in texts():
            return wanted
    return _ENGLISH


def _moment(value: datetime | None) -> Markup | str:
    if value is None:
        return shown.NOTHING
    text = value.strftime("%Y-%m-%d %H:%M:%S UTC")
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), text)


class Templates:
    """All templates, over the scripts and styles that pages load."""

    def __init__(self, assets: Assets) -> None:
        self._assets = assets
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_FOLDER),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
        )
        self._environment.filters |= {
            "count": shown.count,
            "span": shown.span,
            "share": shown.share,
            "decimal": shown.decimal,
            "moment": _moment,
        }
        # A macro that another template imports sees what is global, and nothing of the page.
        self._environment.globals["address"] = shown.address

    def render(self, name: str, language: str, **context: Any) -> str:
        """Return the template `name` filled with `context`. Raises where one of its names is missing."""
        return self._environment.get_template(name).render(
            t=texts()[language],
            language=language,
            asset=self._assets.address,
            missing_assets=self._assets.missing,
            pages=PAGES,
            **context,
        )
