"""Which tags are HTML's, and what they do to the text between them."""

import re
from typing import Final

from understanding.signals.lexicons.lexicon import words_in

TAG: Final = re.compile(
    r"<(?:(/?)([a-z][a-z0-9]{0,20}(?:[:-][a-z0-9_-]{1,20})?)((?:[\s/][^<>]*)?)>|!--|[!?][^<>]*>)",
    re.IGNORECASE,
)
"""A tag: 1 is the slash of an end tag, 2 its name, 3 its attributes; or the beginning of a comment."""

STRUCTURE: Final = re.compile(r"<(?:p|div|table|body|html|ul|ol|blockquote|h[1-6])(?=[\s>/])", re.IGNORECASE)
"""What makes a document of a text: without it, line breaks in the text are its own."""

BLOCKS: Final = words_in(
    "address article blockquote br center dd div dl dt footer form h1 h2 h3 h4 h5 h6 header hr li main ol "
    "p pre section table tbody thead tr ul"
)
CELLS: Final = frozenset(("td", "th"))
_UNSEEN: Final = words_in("script style head template svg title")

_INLINE: Final = words_in(
    "a abbr acronym area aside audio b base basefont bdi bdo big body button canvas caption cite "
    "code col colgroup data datalist del details dfn dialog dir em embed fieldset figcaption figure "
    "font frame frameset head hgroup html i iframe img input ins kbd label legend link map mark menu "
    "meta meter nav nobr noframes noscript object optgroup option output param picture progress q rp "
    "rt ruby s samp script search select slot small source span strike strong style sub summary sup "
    "svg template textarea tfoot time title track tt u var video wbr"
)
_INDENTS: Final = re.compile(
    r"\bstyle\s{0,9}=[^<>]{0,300}\b(?:margin|padding)|webkit-indent-blockquote", re.IGNORECASE
)
_QUOTES: Final = re.compile(
    r"\bclass\s{0,9}=(?!.?webkit-indent)|\b(?:type|cite)\s{0,9}="
    r"|border(?:-left)?(?:-width)?\s{0,9}:(?!\s{0,9}(?:none|0))",
    re.IGNORECASE,
)
_ELEMENTS: Final = BLOCKS | CELLS | _INLINE


def is_element(name: str) -> bool:
    """Return whether a name in angle brackets, in lower case, is an element's; `<ann>` is a customer's own."""
    return name in _ELEMENTS or ":" in name or "-" in name


def is_unseen(tag: re.Match[str], name: str) -> bool:
    """Return whether no reader sees what begins with the tag of that name: a comment, or an element such as `style`."""
    return (name in _UNSEEN and not tag[1]) or tag[0] == "<!--"


class Unseen:
    """Finds where the unseen elements of a markup end; `cut` says that more of it was sent than is read."""

    def __init__(self, markup: str, *, cut: bool) -> None:
        self._markup = markup
        self._cut = cut
        self._never_closed: set[str] = set()

    def end(self, opening: re.Match[str], name: str) -> int | None:
        """Return where the unseen element ends; None if it is never closed, so that the text only speaks of it."""
        if name in self._never_closed:  # each kind is sought in vain only once
            return None
        end = opening.end() if opening[0].endswith("/>") else self._closed(opening, name)
        if end is None and self._cut:
            return len(self._markup)
        if end is None:
            self._never_closed.add(name)
        return end

    def _closed(self, opening: re.Match[str], name: str) -> int | None:
        if not name:
            end, closing = self._markup.find("-->", opening.end()), 3
            return end + closing if end >= 0 else None
        # HTML lets authors omit the end of a head.
        or_body = r"|(?=<body[\s>])" if name == "head" else ""
        end_tag = re.compile(rf"</{name}\s{{0,9}}>{or_body}", re.IGNORECASE)
        found = end_tag.search(self._markup, opening.end())
        return found.end() if found else None


def only_indents(attributes: str) -> bool:
    """Return whether a blockquote is how an editor moves text to the right: a margin, and no line beside it."""
    return _INDENTS.search(attributes) is not None and _QUOTES.search(attributes) is None
