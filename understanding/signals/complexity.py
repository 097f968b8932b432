"""Complexity: how much work a message is likely to make, from what can be counted in it.

complexity = 0.35 length + 0.20 requests + 0.20 entities + 0.10 questions + 0.15 technical, each part in 0..1:

- length: words / 150, at most 1
- requests: (list items or `also`-words beyond the first request) / 4, at most 1
- entities: distinct kinds of entities / 5, at most 1
- questions: question marks beyond the first / 3, at most 1
- technical: 1 where code, a stack trace or log lines are pasted
"""

import re
from collections.abc import Iterable
from typing import Final

from schemas.signals import Entity
from understanding.signals.lexicons.lexicon import lexicon, words_in
from understanding.signals.lexicons.words import Words

_LENGTH, _REQUESTS, _ENTITIES, _QUESTIONS, _TECHNICAL = 0.35, 0.20, 0.20, 0.10, 0.15
_MANY_WORDS: Final = 150
_MANY_REQUESTS: Final = 4
_MANY_KINDS: Final = 5
_MANY_QUESTIONS: Final = 3
_BREAKS: Final = frozenset('.,;:!?()\n"/')
_ALSO: Final = words_in(lexicon("requests")["also"])
_LIST_ITEM: Final = re.compile(r"^[ \t]{0,8}(?:[-*•]|[0-9]{1,2}[.)]) ?(?=\S)", re.MULTILINE)
_TECHNICAL_TEXT: Final = re.compile(
    r"```|Traceback \(most|\bat [\w$.]{3,120}\([\w.]{1,60}:[0-9]{1,6}\)"
    r"|^\s{0,8}File \"|[0-9]{2}:[0-9]{2}:[0-9]{2}[^\n]{0,40}\b(?:ERROR|WARN|INFO|DEBUG|FATAL)\b"
    r"|\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM)\b [^\n]{1,200}\b(?:FROM|VALUES|SET|WHERE)\b|\);\s*$"
    r"|[{;]\s*\n\s*[\w}]|</?[a-z]{2,20}>",
    re.MULTILINE,
)
_TECHNICAL_SIGNS: Final = (
    "```",
    "Traceback",
    "(",
    "{",
    ";",
    "ERROR",
    "WARN",
    "INFO",
    "DEBUG",
    "FATAL",
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "</",
    'File "',
)


def complexity_of(text: str, words: Words, entities: Iterable[Entity]) -> float:
    """Return the complexity, 0 to 1, rounded to two decimals, by the formula above."""
    length = (len(words.tokens) - sum(map(_BREAKS.__contains__, words.tokens))) / _MANY_WORDS
    items = len(_LIST_ITEM.findall(text)) - 1 if "\n" in text else 0
    requests = (
        max(items, 0 if _ALSO.isdisjoint(words.distinct) else sum(map(_ALSO.__contains__, words.tokens)))
        / _MANY_REQUESTS
    )
    kinds = len({entity.kind for entity in entities}) / _MANY_KINDS
    questions = (text.count("?") - 1) / _MANY_QUESTIONS
    technical = any(map(text.__contains__, _TECHNICAL_SIGNS)) and _TECHNICAL_TEXT.search(text) is not None
    total = (
        _LENGTH * min(1.0, length)
        + _REQUESTS * min(1.0, max(0.0, requests))
        + _ENTITIES * min(1.0, kinds)
        + _QUESTIONS * min(1.0, max(0.0, questions))
        + _TECHNICAL * technical
    )
    return round(total, 2)
