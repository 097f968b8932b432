"""What simulated people write: sentences per intent and language, with slots, greetings and typos."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from random import Random
from typing import Final

import msgspec
import yaml

from schemas.vocabulary import Channel
from ticketyard.simulator.persons import Customer

LANGUAGES: Final = ("en", "de", "fr", "es", "it", "pt")
_SLOT: Final = re.compile(r"\{(\w+)\}")
_INFORMAL: Final = frozenset({Channel.CHAT, Channel.SOCIAL_MEDIA})
_SUBJECT_WORDS: Final = 7


class Phrases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One language's sentences, as its file under `phrases/` has them."""

    greetings: tuple[str, ...]
    closings: tuple[str, ...]
    details: tuple[str, ...]
    personal: tuple[str, ...]
    customer_replies: tuple[str, ...]
    intents: dict[str, tuple[str, ...]]
    agent_replies: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    resolutions: tuple[str, ...] = ()
    reopen_reasons: tuple[str, ...] = ()
    survey_good: tuple[str, ...] = ()
    survey_bad: tuple[str, ...] = ()


@cache
def load_phrases() -> Mapping[str, Phrases]:
    """Return the sentences by language, English first."""
    folder = resources.files("ticketyard.simulator") / "phrases"
    return {
        language: msgspec.convert(
            yaml.safe_load((folder / f"{language}.yaml").read_text(encoding="utf-8")), Phrases
        )
        for language in LANGUAGES
    }


def _one_of(*values: str) -> Callable[[Random, Customer], str]:
    return lambda rng, _customer: rng.choice(values)


def _number(low: int, high: int, form: str = "{}") -> Callable[[Random, Customer], str]:
    return lambda rng, _customer: form.format(rng.randint(low, high))


_SLOTS: Final[dict[str, Callable[[Random, Customer], str]]] = {
    "amount": lambda rng, _: f"{rng.randint(300, 40_000) / 100:.2f} {rng.choice(('EUR', 'USD', 'GBP', '€'))}",
    "card": lambda _, customer: customer.card,
    "city": lambda _, customer: customer.city,
    "code": _number(1000, 9999, "E{}"),
    "customer": lambda _, customer: customer.id,
    "days": _number(2, 20),
    "device": _one_of("laptop", "tablet", "desktop PC", "phone", "MacBook", "work computer"),
    "email": lambda _, customer: customer.email,
    "feature": _one_of("the calendar", "the report page", "my inbox", "the search", "the project list"),
    "hour": _number(2, 11),
    "iban": lambda _, customer: customer.iban,
    "item": _one_of("coffee grinder", "desk lamp", "blender", "headphones", "toaster", "vacuum cleaner"),
    "month": _one_of("January", "March", "April", "June", "August", "October"),
    "months": _number(3, 22),
    "name": lambda _, customer: customer.name,
    "order": _number(100_000, 999_999, "#{}"),
    "people": _number(2, 6),
    "percent": _number(10, 95),
    "phone": lambda _, customer: customer.phone,
    "plan": _one_of("Basic", "Plus", "Team", "Business"),
    "product": _one_of("Planora", "Deskflow", "Notewright", "Cargolist"),
    "weekday": _one_of("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"),
    "years": _number(2, 15),
}


def fill(template: str, rng: Random, customer: Customer) -> str:
    """Return the sentence with each {slot} replaced."""
    return _SLOT.sub(lambda slot: _SLOTS[slot.group(1)](rng, customer), template)


def intents_of(language: str) -> tuple[str, ...]:
    """Return the intents that can be written about in a language."""
    return tuple(load_phrases()[language].intents)


def write_request(
    rng: Random, customer: Customer, *, language: str, intent: str, channel: Channel, personal: float
) -> tuple[str, str]:
    """Return subject and text of a first message; with probability `personal` it holds personal data."""
    phrases = load_phrases()[language]
    core = fill(rng.choice(phrases.intents[intent]), rng, customer)
    sentences = [core]
    if rng.random() < 0.5:  # noqa: PLR2004 - every other customer tells more than the core
        sentences.append(fill(rng.choice(phrases.details), rng, customer))
    if rng.random() < personal:
        sentences.append(fill(rng.choice(phrases.personal), rng, customer))
    body = " ".join(sentences)
    if channel in _INFORMAL:
        return "", _mistype(rng, body) if rng.random() < 0.4 else body  # noqa: PLR2004 - chats are typed fast
    return _subject(rng, core, channel), _letter(rng, phrases, body, customer)


def write_reply(rng: Random, customer: Customer, language: str) -> str:
    """Return what a customer answers later on."""
    return fill(rng.choice(load_phrases()[language].customer_replies), rng, customer)


def write_as_agent(rng: Random, customer: Customer, kind: str) -> str:
    """Return a sentence of the English list `kind`: agent_replies, notes, resolutions, survey_good, ..."""
    return fill(rng.choice(getattr(load_phrases()["en"], kind)), rng, customer)


def _subject(rng: Random, core: str, channel: Channel) -> str:
    if channel is Channel.PHONE or rng.random() < 0.2:  # noqa: PLR2004 - some leave it empty
        return ""
    return " ".join(core.split()[: rng.randint(3, _SUBJECT_WORDS)]).rstrip(".,?!")


def _letter(rng: Random, phrases: Phrases, body: str, customer: Customer) -> str:
    greeting, closing = rng.choice(phrases.greetings), rng.choice(phrases.closings)
    signature = customer.name if closing else ""
    return "\n".join(part for part in (greeting, body, closing, signature) if part)


def _mistype(rng: Random, text: str) -> str:
    """Swap, drop or double one letter in one of the longer words, and forget the capitals."""
    words = text.lower().split(" ")
    long_ones = [at for at, word in enumerate(words) if len(word) > 4 and word.isalpha()]  # noqa: PLR2004
    for at in rng.sample(long_ones, min(len(long_ones), rng.randint(1, 2))):
        word, spot = words[at], rng.randrange(1, len(words[at]) - 1)
        head, tail = word[:spot], word[spot:]
        words[at] = rng.choice((head + tail[1] + tail[0] + tail[2:], head + tail[1:], head + tail[0] + tail))
    return " ".join(words)
