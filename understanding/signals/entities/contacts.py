"""E-mail addresses, links, IP addresses and telephone numbers."""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final

import phonenumbers

from schemas.signals import Entity, EntityKind
from understanding.signals.lexicons.lexicon import lexicon, words_in

_EMAIL_AT: Final = re.compile(r"@(?=[a-z0-9])")
_LOCAL_PART: Final = re.compile(r"[\w.+%'-]+")
_LONGEST_LOCAL: Final = 64
_DOMAIN: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62})(?:\.[a-z0-9][a-z0-9-]{0,62}){1,8}")
_URL: Final = re.compile(r"(?:https?://|ftp://|www\.)[^\s<>\"'`|\\^{}]{2,2000}", re.IGNORECASE)
_URL_END: Final = ".,;:!?)]}'*…"
_IPV4: Final = re.compile(r"[0-9](?<![\w.][0-9])[0-9]{0,2}(?:\.[0-9]{1,3}){3}(?![\w]|\.[0-9])")
_IPV6: Final = re.compile(
    r"[0-9a-f:](?<![\w:.][0-9a-f:])[0-9a-f]{0,4}:[0-9a-f:]{2,40}(?![\w:])(?:%[a-z0-9]{1,8})?"
)
_VERSION_WORDS: Final = (
    "version",
    "versión",
    "versão",
    "versione",
    "release",
    "build",
    "firmware",
    "v",
    "v.",
    "update",
)
_DIALLED: Final = re.compile(r"[+0(](?<![\w+.,/#-][+0(])\(?[0-9+](?:[ ./()\-]{0,3}[0-9]){5,16}(?![\w])")
_NUMBER: Final = re.compile(
    r"[0-9](?<![\w+.,/#:€$£-][0-9])[0-9]{1,5}(?:[ .\-]{1}[0-9]{2,8}){1,5}(?![\w]|[.,:/-][0-9])"
    r"|[0-9](?<![\w+.,/#:€$£-][0-9])[0-9]{6,11}(?![\w]|[.,:/-][0-9])"
    r"|1(?<![\w+.,/#:€$£-]1)[ .-]\(?[0-9]{3}\)?[ .-][0-9]{3}[ .-][0-9]{4}(?![\w]|[.,:/-][0-9])"
)
_NORTH_AMERICAN: Final = re.compile(r"(?:1[ .-])?\(?[2-9][0-9]{2}\)?[ .-]?[2-9][0-9]{2}[ .-][0-9]{4}")
_DAY: Final = r"[0-9]{1,2}[./][0-9]{1,2}[./]?(?:[0-9]{4}|[0-9]{2})?"
_ISO_DAY: Final = r"(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]"
_LIKE_DAYS: Final = re.compile(
    rf"{_DAY} ?- ?{_DAY}|{_ISO_DAY}[ -]{{1,3}}(?:{_ISO_DAY})?|(?:19|20)[0-9]{{2}} ?[-/.] ?(?:19|20)[0-9]{{2}}"
    r"|[0-3]?[0-9][./-][01]?[0-9][./-](?:19|20)[0-9]{2}"
)
"""Days, spans of days and of years, which no telephone's number is."""
_TIME: Final = r"(?:[01]?[0-9]|2[0-4])[ .](?:00|15|30|45)"
_LIKE_TIMES: Final = re.compile(rf"{_TIME}[ -]{{1,3}}{_TIME}")
"""Two times of day, as in `between 10 00 12 00`."""
_WORD: Final = re.compile(r"[^\W\d_]+")
_PHONE_WORDS: Final = words_in(lexicon("phones")["words"])
_FEWEST_DIGITS: Final = 7
_MOST_DIGITS: Final = 15
_LOOKED_BACK: Final = 40


def find_emails(lower: str) -> Iterator[Entity]:
    """Yield e-mail addresses; the value is in lower case."""
    for at in _EMAIL_AT.finditer(lower):
        place = at.start()
        local = _LOCAL_PART.match(lower[max(0, place - _LONGEST_LOCAL) : place][::-1])
        domain = _DOMAIN.match(lower, place + 1)
        if local and domain and not domain[0].rpartition(".")[2].isdigit():
            start = place - len(
                local[0].rstrip(".'-")
            )  # read from the @ backwards, so that each letter is seen once
            if start < place:
                yield Entity(EntityKind.EMAIL, start, domain.end(), lower[start : domain.end()])


def find_urls(flat: str) -> Iterator[Entity]:
    """Yield links; the value is the link without the punctuation of the sentence around it."""
    for link in _URL.finditer(flat):
        value = link[0].rstrip(_URL_END)
        if value.count("(") > value.count(")") and flat[link.start() + len(value) : link.end()].startswith(
            ")"
        ):
            value += ")"
        if "." in value or "localhost" in value or "://" in value:
            yield Entity(EntityKind.URL, link.start(), link.start() + len(value), value)


def find_ips(lower: str) -> Iterator[Entity]:
    """Yield IPv4 and IPv6 addresses in their shortest form; not what a word calls a version."""
    for pattern in (_IPV4, _IPV6) if "::" in lower or lower.count(":") > 4 else (_IPV4,):  # noqa: PLR2004 - IPv6 has 7 without ::
        for match in pattern.finditer(lower):
            if lower[: match.start()].rstrip(" :").endswith(_VERSION_WORDS):
                continue
            try:
                address = ip_address(match[0].rstrip(":") if not match[0].endswith("::") else match[0])
            except ValueError:
                continue
            if match[0] != "::":
                yield Entity(EntityKind.IP, match.start(), match.end(), str(address))


def find_phones(flat: str, lower: str) -> Iterator[Entity]:
    """Yield telephone numbers: E.164 where the country is said, else the digits as dialled.

    A number without a country code must be written as North American ones are, begin with 0, or stand
    behind a word such as `call`; others are too easily something else.
    """
    for match in _DIALLED.finditer(flat):
        if _is_time(match[0]):
            continue
        value = _international(match[0]) or _national(match[0], lower, match.start())
        if value:
            yield Entity(EntityKind.PHONE, match.start(), match.end(), value)
    for match in _NUMBER.finditer(flat):
        digits = _digits(match[0])
        if (
            not _is_time(match[0])
            and _FEWEST_DIGITS <= len(digits) <= _MOST_DIGITS
            and (_NORTH_AMERICAN.fullmatch(match[0]) or _is_called(lower, match.start()))
        ):
            yield Entity(EntityKind.PHONE, match.start(), match.end(), digits)


def _is_time(written: str) -> bool:
    return (_LIKE_DAYS.fullmatch(written) or _LIKE_TIMES.fullmatch(written)) is not None


def _international(written: str) -> str | None:
    compact = _digits(written.replace("(0)", ""))
    if "+" in written[:2]:
        number = "+" + compact
    elif compact.startswith("00"):
        number = "+" + compact[2:]
    else:
        return None
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _national(written: str, lower: str, start: int) -> str | None:
    digits = _digits(written)
    if "+" in written or not _FEWEST_DIGITS <= len(digits) <= _MOST_DIGITS:
        return None
    bracketed = written.startswith("(") and ")" in written
    spaced = (
        written.startswith("0")
        and len(digits) > _FEWEST_DIGITS
        and (" " in written or "/" in written or "-" in written)
    )
    return digits if bracketed or spaced or _is_called(lower, start) else None


def _is_called(lower: str, start: int) -> bool:
    return not _PHONE_WORDS.isdisjoint(_WORD.findall(lower[max(0, start - _LOOKED_BACK) : start]))


def _digits(written: str) -> str:
    return "".join(filter(str.isdigit, written))
