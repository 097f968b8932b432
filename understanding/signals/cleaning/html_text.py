"""HTML to text by one pass over its tags, in time linear in what is read.

A tokeniser and not a tree: a kept parser (selectolax) is fast on good HTML but needs 160 ms for 64 kB of
nested elements, and a message must not be able to cost that.
"""

import html
import re
from typing import Final

from understanding.signals.lexicons.lexicon import words_in

MAX_RAW: Final = 65_536
"""Characters of a raw message that are looked at: mails carry kilobytes of style before their first word."""

_MAX_MARKUP: Final = 24_000  # characters of markup, without scripts and styles, that are turned into text
_TAG_NAMES: Final = (
    "a|abbr|b|blockquote|body|br|center|code|div|em|font|h[1-6]|head|hr|html|i|img|li|ol|p|pre|s|small|span"
    "|strong|style|sub|sup|table|tbody|td|th|thead|title|tr|u|ul"
)
# One opening tag may be what the text talks about; a line break or an end tag is markup.
_IS_HTML: Final = re.compile(
    rf"<(?:br\s{{0,9}}/?>|/(?:{_TAG_NAMES})\s{{0,9}}>|!doctype html|html[\s>])", re.IGNORECASE
)
_REFERENCE: Final = re.compile(
    r"&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|amp|lt|gt|quot|apos|nbsp|euro|[aeiounc](?:acute|grave|circ|uml"
    r"|tilde|cedil)"
    r"|szlig|[rl]squo|[rl]dquo|ndash|mdash|hellip);",
    re.IGNORECASE,
)
_UNSEEN: Final = re.compile(r"<(?:!--|(script|style|head|template|svg|title)(?=[\s>/]))", re.IGNORECASE)
_TAG: Final = re.compile(r"<(?:(/?)([a-z][a-z0-9]{0,20})([^<>]*)>|[!?/][^<>]*>)", re.IGNORECASE)
_ALT: Final = re.compile(r"""\salt\s{0,9}=\s{0,9}["']([^"'<>]{1,200})""", re.IGNORECASE)
_SPACE: Final = re.compile(r"[ \t\r\n\f]+")
_BLOCKS: Final = words_in(
    "address article blockquote br center dd div dl dt footer form h1 h2 h3 h4 h5 h6 header hr li main ol "
    "p pre section table tbody thead tr ul"
)
_CELLS: Final = frozenset(("td", "th"))


def looks_like_html(text: str) -> bool:
    """Return whether a text carries markup or character references, and does not only mention a tag."""
    return ("<" in text and _IS_HTML.search(text) is not None) or (
        "&" in text and _REFERENCE.search(text) is not None
    )


def html_to_text(markup: str) -> str:
    """Return what a reader of the markup sees; a quotation's lines begin with `> `.

    Scripts, styles, comments and the head are dropped, references are decoded, an image is its alternative
    text. Markup behind what is read is ignored.
    """
    if "<" not in markup or _IS_HTML.search(markup) is None:
        return html.unescape(markup)
    lines = "".join(_pieces(_without_unseen(markup)[:_MAX_MARKUP])).split("\n")
    return "\n".join(line.strip(" ") for line in html.unescape("\n".join(lines)).split("\n")).strip("\n")


def _without_unseen(markup: str) -> str:
    """Return the markup without comments and without elements that no reader sees."""
    kept: list[str] = []
    place = 0
    while (opening := _UNSEEN.search(markup, place)) is not None:
        kept.append(markup[place : opening.start()])
        place = _end_of(markup, opening)
    kept.append(markup[place:])
    return "".join(kept)


def _end_of(markup: str, opening: re.Match[str]) -> int:
    """Return where the unseen element ends; at the text's end if it is never closed."""
    if opening[1] is None:
        end, closing = markup.find("-->", opening.end()), 3
        return end + closing if end >= 0 else len(markup)
    found = re.compile(rf"</{opening[1]}\s{{0,9}}>", re.IGNORECASE).search(markup, opening.end())
    return found.end() if found else len(markup)


def _pieces(markup: str) -> list[str]:
    """Return text and line breaks in order; blank lines between blocks are folded into one break."""
    pieces: list[str] = []
    place, quotations, broken = 0, 0, True
    for tag in _TAG.finditer(markup):
        text = _SPACE.sub(" ", markup[place : tag.start()])
        place = tag.end()
        if text and not (broken and text == " "):
            pieces.append(text.lstrip(" ") if broken else text)
            broken = False
        name = (tag[2] or "").lower()
        if name == "blockquote":
            quotations = max(0, quotations + (-1 if tag[1] else 1))
        if name in _BLOCKS and not broken:
            broken = True
            pieces.append("\n")
        elif name in _CELLS and not tag[1] and not broken:
            pieces.append(" ")
        elif name == "img" and (alternative := _ALT.search(tag[3])):
            pieces.append(alternative[1])
            broken = False
        if broken and quotations and pieces[-1:] != ["> "]:
            pieces.append("> ")
        elif broken and not quotations and pieces[-1:] == ["> "]:
            pieces.pop()
    pieces.append(_SPACE.sub(" ", markup[place:]))
    return pieces
