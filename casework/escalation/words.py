"""Words of concern in what a customer writes: whole words, in the language of the message."""

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from schemas.fold.fact import Fact
from schemas.records.events import MessageAdded, TicketOpened
from schemas.vocabulary import Author

_WITHOUT_SPACES: Final = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""Scripts that write no spaces between words: Thai, Lao, Burmese, Khmer, Japanese, Chinese."""


class _Word(NamedTuple):
    """What finds a word or phrase, whole; `probe` is in every text that has it, and quicker to look for."""

    probe: str
    pattern: re.Pattern[str]


def _words(written: Iterable[str]) -> tuple[_Word, ...]:
    return tuple(_Word(word.casefold().split()[0], re.compile(_whole(word))) for word in sorted(written))


def _whole(word: str) -> str:
    """Return a pattern of a word; the blanks of a phrase stand for any."""
    word = word.casefold()
    text = r"\s+".join(re.escape(part) for part in word.split())
    before = "" if _WITHOUT_SPACES.match(word[0]) else r"(?<!\w)"
    after = "" if _WITHOUT_SPACES.match(word[-1]) else r"(?!\w)"
    return f"{before}{text}{after}"


class ConcernWords:
    """The lists of a file, ready to be looked for. A message in a language that a list lacks is read in all it has."""

    def __init__(self, lists: Mapping[str, Mapping[str, Iterable[str]]]) -> None:
        self._lists = {
            name: (
                {language: _words(words) for language, words in by_language.items()},
                _words({word for words in by_language.values() for word in words}),
            )
            for name, by_language in lists.items()
        }

    def found(self, text: str, language: str | None) -> tuple[str, ...]:
        """Return the names of the lists of which a word is in the text."""
        folded = text.casefold()
        return tuple(
            name
            for name, (by_language, every) in self._lists.items()
            if any(
                word.probe in folded and word.pattern.search(folded)
                for word in by_language.get(language or "", every)
            )
        )


def written_by_customer(fact: Fact) -> str | None:
    """Return what a customer wrote, without what triage cut off as quoted or signature; None where nobody did."""
    body = fact.body
    if isinstance(body, TicketOpened):
        return f"{body.subject}\n{_own(body.text, fact)}"
    if isinstance(body, MessageAdded) and body.author is Author.CUSTOMER and body.public:
        return _own(body.text, fact)
    return None


def _own(text: str, fact: Fact) -> str:
    """Leave out what the writer only quotes: an agent's words are no concern of the customer's."""
    for cut in reversed(fact.triage.cleaned if fact.triage else ()):
        text = f"{text[: cut.start]}\n{text[cut.end :]}"
    return text
