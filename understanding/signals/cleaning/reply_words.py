"""How mail programs in six languages introduce an earlier message, and how people end a letter."""

import re
from typing import Final

from understanding.signals.lexicons.lexicon import lexicon

_LISTS: Final = lexicon("letters")

ATTRIBUTION_STARTS: Final = tuple(f"{start} " for start in _LISTS["attribution_starts"])
"""How the line that names date and author of a quoted message begins, in lower case."""

ATTRIBUTION_END: Final = re.compile(
    r"(?:wrote|writes|schrieb(?:[^\n:]{0,100})|a écrit|escribi[óo]|ha scritto|escreveu|schreef)\s?:?\s*$",
    re.IGNORECASE,
)
"""How it ends."""

SEPARATOR: Final = re.compile(
    r"\s?[-_*]{2,20}\s?(?:original message|ursprüngliche nachricht|original-?nachricht"
    r"|message d['\u2019]origine"
    r"|message original|mensaje original|messaggio originale|mensagem original|original appointment"
    r"|reply above this line|please type your reply above this line)\s?[-_*]{0,20}\s*",
    re.IGNORECASE,
)
"""The whole line above an earlier message."""

HEADER_FROM: Final = re.compile(r"\*{0,2}(?:from|von|de|da)\s?\*{0,2}\s?:\*{0,2}\s?\S", re.IGNORECASE)
HEADER_NEXT: Final = re.compile(
    r"\*{0,2}(?:sent|date|to|subject|cc|gesendet|datum|an|betreff|envoyé|date|à|objet|enviado(?: el)?"
    r"|fecha|para"
    r"|asunto|inviato|data|a|oggetto|enviada(?: em)?|assunto)\s?\*{0,2}\s?:\*{0,2}\s?\S",
    re.IGNORECASE,
)
"""The headers of an earlier message, as Outlook puts them above it."""

DEVICE_STARTS: Final = (
    "Sent ",
    "sent ",
    "Get ",
    "Von ",
    "Gesendet ",
    "Envoyé",
    "Enviado ",
    "Inviato ",
    "Télécharge",
)
"""How each of the lines below begins."""

DEVICE_LINE: Final = re.compile(
    r"(?:sent from my |sent from (?:outlook|yahoo|mail)\b|get outlook for |von meinem .{2,30} gesendet"
    r"|gesendet von (?:meinem|mail|outlook)"
    r"|gesendet mit der |envoyé de(?:puis)? mon |enviado desde mi |enviado do meu "
    r"|inviato da(?:l mio)? (?:iphone|ipad|android|cellulare|smartphone)"
    r"|télécharg(?:er|ez) outlook).{0,60}",
    re.IGNORECASE,
)
"""The line that a device or mail program adds."""

VALEDICTIONS: Final = frozenset(_LISTS["valedictions"])
"""A line that ends a letter, in lower case without its punctuation; names and addresses follow."""

THANKS: Final = frozenset(_LISTS["thanks"])
"""Those of them after which a message may go on."""
