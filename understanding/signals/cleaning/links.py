"""Takes tracking off links: removes campaign parameters and undoes mail gateways' rewriting."""

import re
from typing import Final
from urllib.parse import unquote

from understanding.signals.lexicons.lexicon import lexicon, words_in

_QUERY_LINK: Final = re.compile(r"https?://[^\s<>\"'?]{1,2000}\?[^\s<>\"']{1,4000}", re.IGNORECASE)
_TRACKING: Final = words_in(lexicon("links")["tracking"])
_REWRITERS: Final = (
    "safelinks.protection.outlook.com/",
    "google.com/url",
    "urldefense.com/v2/",
    "l.facebook.com/l.php",
)
_TARGETS: Final = frozenset(("url", "q", "u"))


def strip_tracking(text: str) -> str:
    """Return the text with every link's tracking parameters removed; equal to it if there are none."""
    if "?" not in text or "://" not in text:
        return text
    return _QUERY_LINK.sub(lambda link: _plain(link[0]), text)


def _plain(link: str) -> str:
    address, _, query = link.partition("?")
    query, mark, fragment = query.partition("#")
    parameters = query.split("&")
    if any(rewriter in address for rewriter in _REWRITERS):
        target = _target(parameters)
        if target:
            return target
    kept = [part for part in parameters if not _tracks(part.partition("=")[0].lower())]
    if len(kept) == len(parameters):
        return link
    return address + ("?" + "&".join(kept) if kept else "") + mark + fragment


def _tracks(name: str) -> bool:
    return name in _TRACKING or name.startswith(("utm_", "hsa_", "pk_", "mtm_"))


def _target(parameters: list[str]) -> str | None:
    """Return the address that a rewritten link leads to, if it can be told."""
    for part in parameters:
        name, _, value = part.partition("=")
        target = unquote(value)
        if (
            name.lower() in _TARGETS
            and target.startswith(("http://", "https://"))
            and not re.search(r"\s", target)
        ):
            return target
    return None
