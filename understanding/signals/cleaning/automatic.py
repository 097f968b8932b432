"""Messages that no customer wrote: absence notes, acknowledgements, bounces, read receipts, advertising; and thanks.

They are only marked; the table of automatic mail says what such a message does not do. A person who mentions an absence
is no machine: what is said besides the note decides.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from schemas.marks import AUTOMATIC_REPLY, DELIVERY_FAILURE, ONLY_THANKS, SPAM
from understanding.signals.cleaning.persons import COLLEAGUES, requests, speaks_of_matters
from understanding.signals.cleaning.phrases import Phrase, one_stands, phrases_of
from understanding.signals.cleaning.thanks import is_only_thanks
from understanding.signals.lexicons.lexicon import lexicon

_HEAD: Final = 600  # characters in which such a message says what it is
_BEGINNING: Final = (
    160  # characters in which a mail server says so; further on a customer pastes what came back
)
_SEVERAL_LINKS: Final = 3
_BEGINS: Final = 3  # letters by which the stems are sorted, so that few are looked for
_FEW_WORDS: Final = 4
_SHARE: Final = 0.25
"""Words that may stand besides what a note says, as a part of all: a signature or a subject, but no request."""

_LISTS: Final = lexicon("automatic")


class _Language(NamedTuple):
    """The phrases of one language, by what they say."""

    label: tuple[Phrase, ...]
    says_so: tuple[Phrase, ...]
    away: tuple[Phrase, ...]
    beside_away: tuple[Phrase, ...]
    received: tuple[Phrase, ...]
    beside_received: tuple[Phrase, ...]
    bounced: tuple[Phrase, ...]
    read: tuple[Phrase, ...]
    person: tuple[Phrase, ...]

    @property
    def of_notes(self) -> tuple[Phrase, ...]:
        """Everything that may stand in an absence note or an acknowledgement."""
        return (
            *self.label,
            *self.says_so,
            *self.away,
            *self.beside_away,
            *self.received,
            *self.beside_received,
        )


_LANGUAGES: Final = {
    name: _Language(**{kind: phrases_of(block[kind]) for kind in _Language._fields})
    for name, block in _LISTS["languages"].items()
}


def _by_stem() -> dict[str, list[str]]:
    by_stem: dict[str, list[str]] = {}
    for name, block in _LISTS["languages"].items():
        for stem in block["stems"]:
            by_stem.setdefault(stem, []).append(name)
    return by_stem


_BY_STEM: Final = _by_stem()
_CJK: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_UNSPACED_STEMS: Final = tuple(stem for stem in _BY_STEM if _CJK.match(stem))


def _by_beginning() -> dict[str, list[str]]:
    by_beginning: dict[str, list[str]] = {}
    for stem in _BY_STEM:
        by_beginning.setdefault(stem[:_BEGINS], []).append(stem)
    return by_beginning


_BY_BEGINNING: Final = _by_beginning()
_BEGINNINGS: Final = frozenset(_BY_BEGINNING)
_POLITE: Final = phrases_of(_LISTS["polite"])
# Customers report such notes as faults or ask for them; then it is not one.
_ABOUT: Final = phrases_of(_LISTS["about"])
_ABOUT_PARCEL: Final = phrases_of(_LISTS["about_parcel"])
_OF_MAIL: Final = phrases_of(_LISTS["of_mail"])
_OF_SERVERS: Final = phrases_of(_LISTS["of_servers"])
_STATUS: Final = re.compile(r"\b5[0-9]{2}[ -]|\b5\.?[0-9]\.?[0-9]{1,2}\b")  # of SMTP: 550, 5.1.1
_STRONG_SPAM: Final = tuple(_LISTS["strong_spam"])
_WEAK_SPAM: Final = tuple(_LISTS["weak_spam"])
# Customers name one of these where they complain; advertising does not speak of "my", nor of what "you" sent.
_CUSTOMER: Final = re.compile(
    r"\b(?:my (?:order|account|subscription|invoice|card|password|email|inbox|website|site|plan|refund)"
    r"|i (?:was|can't|cannot|bought"
    r"|ordered|paid|tried|keep|get|got|want to unsubscribe)|please (?:block|remove|take)|can you|could you"
    r"|your (?:newsletter|mails?|e-?mails?|invoice|support)|stop sending"
    r"|mein[e]? |(?:dein|ihr)e? (?:newsletter|seite|shop|rechnung)|mon compte|mi cuenta"
    r"|votre (?:newsletter|site|facture)"
    r"|su (?:boletín|página|factura)|il mio|la vostra newsletter|a minha|a vossa newsletter)\b"
)

_NUMBER_DOT: Final = re.compile(r"(?<=[0-9])\.(?![0-9])|(?<=[0-9])\.(?=[0-9])")
_OPENING: Final = re.compile(
    r"[\s\[【(<*\"'“«_-]{0,8}(?:(?:re|aw|fw|fwd|wg|sv|vs|antw|tr|rv|odp)\s?: ?){0,3}"
)
_BEHIND_LABEL: Final = re.compile(r"\s{0,3}(?:[:\]】)>,!*.\n\u2013\u2014-]|$| re:)")
_RECEIPT: Final = re.compile(r"your message\s{1,8}to: .{1,400}?\bwas (?:read|displayed|deleted) ", re.DOTALL)
_WRAPPED: Final = re.compile(r"(?<=[^\n]{55})(?<![.!?:,。])\n(?=[^\n])")
_SENTENCE_END: Final = re.compile(
    r"(?<=[.!?;])\s+|(?<=[。\uff1b])|\n+"
    r"|,? (?=(?:but|aber|mais|pero|però|mas|maar|men|ale|но|ama|fakat) )|(?<=が、)|,(?=但)"
)
_SUBJECT: Final = re.compile(r"(?:re|aw|fw|fwd|wg|sv|vs|antw|tr|rv|odp|ynt)\s?:")
_WORD: Final = re.compile(r"\w+")
_WORDS_BEGINNING: Final = re.compile(rf"(\w{{1,{_BEGINS}}})\w*")


def automatic_marks(text: str, whole: str = "") -> tuple[str, ...]:
    """Return which kinds of automatic or unsolicited message a cleaned text is.

    `whole` is the text before quoted parts were taken out: a read receipt quotes the headers of what was read.
    """
    head = text[:_HEAD].lower().replace("\u2019", "'")
    if whole[:12].lower() == "your message" and _RECEIPT.match(whole[:_HEAD].lower()):
        return (AUTOMATIC_REPLY,)
    languages = _possible(head)
    if languages:
        flat = _NUMBER_DOT.sub("", " ".join(head.split()))
        mark = _of_machine(head, flat, languages)
        if mark and not one_stands(_ABOUT, flat):
            return (mark,)
    if is_only_thanks(text):
        return (ONLY_THANKS,)
    return (SPAM,) if _is_spam(head, text) else ()


def _possible(head: str) -> list[_Language]:
    """Return the languages of which a stem stands in the text; none for most texts."""
    beginnings = _BEGINNINGS.intersection(_WORDS_BEGINNING.findall(head))
    stems = [stem for beginning in beginnings for stem in _BY_BEGINNING[beginning] if stem in head]
    if not head.isascii() and _CJK.search(head):
        stems += filter(head.__contains__, _UNSPACED_STEMS)
    if not stems:
        return []
    names = {name for stem in stems for name in _BY_STEM[stem]}
    return [language for name, language in _LANGUAGES.items() if name in names]


def _of_machine(head: str, flat: str, languages: list[_Language]) -> str | None:
    beginning = flat[:_BEGINNING]
    asks = "?" in flat
    if not asks and any(_is_bounce(flat, language) for language in languages):
        return DELIVERY_FAILURE
    sentences: list[str] | None = None
    for language in languages:
        personal = one_stands(language.person, flat)
        receipt = not (asks or personal) and one_stands(language.read, beginning)
        if receipt or _is_labelled(head, language):
            return AUTOMATIC_REPLY
        said_so = not personal and one_stands(language.says_so, flat)
        away = _is_away(flat, language)
        received = one_stands(language.received, flat) and one_stands(language.beside_received, flat)
        if said_so or away or received:
            sentences = sentences or list(_sentences(head))
            if _is_all_note(sentences, language, whole=not (said_so or received)):
                return AUTOMATIC_REPLY
    return None


def _is_bounce(flat: str, language: _Language) -> bool:
    """Return whether a mail server says that a mail did not arrive; "delivery failed" is said of parcels too."""
    if not one_stands(language.bounced, flat[:_BEGINNING]):
        return False
    if one_stands(_ABOUT_PARCEL, flat) and not one_stands(_OF_SERVERS, flat):
        return False
    if one_stands(_OF_SERVERS, flat) or _STATUS.search(flat) is not None:
        return True
    return (
        ("@" in flat or one_stands(_OF_MAIL, flat))
        and not one_stands(language.person, flat)
        and not speaks_of_matters(flat, of_deliveries=False)
        and not requests(flat, _OF_MAIL)
    )


def _is_away(flat: str, language: _Language) -> bool:
    """Return whether somebody is away and asks for nothing besides: customers go on holiday too."""
    return (
        one_stands(language.away, flat)
        and one_stands(language.beside_away, flat)
        and not speaks_of_matters(flat)
        and not requests(flat, language.of_notes)
    )


def _is_labelled(head: str, language: _Language) -> bool:
    """Return whether the text begins with a heading such as `Automatic reply:`."""
    opening = _OPENING.match(head)
    rest = head[opening.end() if opening else 0 :]
    ends = (phrase.match(rest) for phrase in language.label)
    return any(end is not None and _BEHIND_LABEL.match(rest, end) for end in ends)


def _sentences(head: str) -> Iterator[str]:
    for sentence in _SENTENCE_END.split(_NUMBER_DOT.sub("", _WRAPPED.sub(" ", head))):
        if sentence and sentence.strip() and not _SUBJECT.match(sentence):
            yield sentence.strip()


def _is_all_note(sentences: list[str], language: _Language, *, whole: bool) -> bool:
    """Return whether a note is all there is: no question besides it, and where it must be the `whole`, little else."""
    of_notes = (*language.of_notes, *COLLEAGUES, *_POLITE)
    others = [sentence for sentence in sentences if not one_stands(of_notes, sentence)]
    asked = [sentence for sentence in sentences if sentence.endswith("?") and _length(sentence) > _FEW_WORDS]
    if asked and not all(one_stands(language.beside_away, sentence) for sentence in asked):
        return False
    words = sum(map(_length, sentences))
    return not whole or sum(map(_length, others)) <= max(_FEW_WORDS, _SHARE * words)


def _length(sentence: str) -> float:
    """Return how many words a sentence has; two characters of a script without spaces count as one."""
    unspaced = len(_CJK.findall(sentence))
    return unspaced / 2 if unspaced else len(_WORD.findall(sentence))


def _says(head: str, phrases: tuple[str, ...]) -> bool:
    return any(map(head.__contains__, phrases))


def _is_spam(head: str, text: str) -> bool:
    weak = sum(map(head.__contains__, _WEAK_SPAM))
    strong = _says(head, _STRONG_SPAM)
    if not strong and not weak:
        return False
    links = text.count("://") >= _SEVERAL_LINKS
    evidence = 2 * strong + weak + links
    return evidence > 1 and _CUSTOMER.search(head) is None
