"""Invented people: every name, address, number and account here is made up and belongs to nobody.

Mail domains are those that RFC 2606 reserves, telephone numbers come from the ranges that the regulators
keep for fiction, card numbers are the payment industry's published test numbers, and accounts have a bank
code that no bank has, with right check digits.
"""

from random import Random
from typing import Final

import msgspec

from schemas.vocabulary import TIER_RANK, Tier

_FIRST: Final = [
    "Alma",
    "Bruno",
    "Carla",
    "Dario",
    "Elif",
    "Fabio",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
    "Kaja",
    "Leo",
    "Mira",
    "Nils",
    "Olga",
    "Pablo",
    "Quentin",
    "Rosa",
    "Sven",
    "Tara",
    "Ugo",
    "Vera",
    "Wim",
    "Xenia",
    "Yann",
    "Zora",
]
_LAST: Final = [
    "Ahlquist",
    "Brunnwald",
    "Castellonia",
    "Dremmel",
    "Eversfield",
    "Fontarossa",
    "Grimsdal",
    "Hollerbach",
    "Inverloch",
    "Jandrasek",
    "Kolmbach",
    "Lindquarter",
    "Monteflor",
    "Nordhuber",
    "Oakhanger",
    "Pellegrande",
    "Quillfeather",
    "Rosenkamp",
    "Silvaterra",
    "Tannwick",
    "Umbrafield",
    "Vallemont",
    "Westerholm",
    "Ypsilanter",
    "Zauberfeld",
]
_DOMAINS: Final = ("example.com", "example.org", "example.net")
_CITIES: Final = ("Northbridge", "Altenfurt", "Villeclaire", "Puertoluna", "Montebello", "Ribeiralta")
_CARDS: Final = (
    "4111 1111 1111 1111",
    "4242 4242 4242 4242",
    "5555 5555 5555 4444",
    "3782 822463 10005",
    "6011 1111 1111 1117",
)
_PHONES: Final = (
    "+1 202 555 01{:02d}",
    "+44 20 7946 0{:03d}",
    "+49 30 23125 {:03d}",
    "+33 1 99 00 {:02d} 17",
)
_NO_BANK: Final = {"DE": "00000000{:010d}", "ES": "00000000{:012d}", "GB": "TEST00{:012d}"}
"""National account numbers by country, with a bank code that is assigned to nobody."""

_TIER_WEIGHTS: Final = (40, 25, 18, 10, 7)


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """An invented customer, with what they may let slip in a text."""

    id: str
    name: str
    email: str
    phone: str
    iban: str
    card: str
    city: str
    tier: Tier
    language: str


def invent_customer(rng: Random, *, id: str, languages: dict[str, float]) -> Customer:  # noqa: A002 - its field
    """Return a customer whose language is drawn by the weights of `languages`."""
    first, last = rng.choice(_FIRST), rng.choice(_LAST)
    return Customer(
        id=id,
        name=f"{first} {last}",
        email=f"{first}.{last}{rng.randrange(100)}@{rng.choice(_DOMAINS)}".lower(),
        phone=rng.choice(_PHONES).format(rng.randrange(100)),
        iban=invent_iban(rng),
        card=rng.choice(_CARDS),
        city=rng.choice(_CITIES),
        tier=rng.choices(tuple(TIER_RANK), _TIER_WEIGHTS)[0],
        language=rng.choices(tuple(languages), tuple(languages.values()))[0],
    )


def invent_iban(rng: Random) -> str:
    """Return an account number in groups of four, with the check digits that ISO 7064 asks for."""
    country = rng.choice(tuple(_NO_BANK))
    national = _NO_BANK[country].format(rng.randrange(10**10))
    check = 98 - _mod97(f"{national}{country}00")
    whole = f"{country}{check:02d}{national}"
    return " ".join(whole[at : at + 4] for at in range(0, len(whole), 4))


def _mod97(text: str) -> int:
    """Read letters as 10 to 35 (A to Z), digits as they are, and divide the whole number by 97."""
    return int("".join(str(int(character, 36)) for character in text)) % 97
