"""How likely two open tickets of a customer are about one thing: a sum of weights, with the reasons that it is of."""

from datetime import timedelta
from typing import Final

from casework.customers.rules import CustomerRules, MergeRules
from schemas.records.derived.customer_events import CustomerWorkChanged, MergeProposal

_FEWEST_WORDS: Final = 3
"""A shorter subject ("Question", "Need help") is that of any ticket."""

_OWN_THINGS: Final = ("order:", "invoice:")
"""Kinds of entities of which each stands for a matter of its own: two orders are two matters."""

_DECIMALS: Final = 2


def proposal(
    later: CustomerWorkChanged, earlier: CustomerWorkChanged, rules: CustomerRules
) -> MergeProposal | None:
    """Return the proposal to merge the later ticket into the earlier one, None where too little speaks for it."""
    merge = rules.merge
    if not (later.open and earlier.open):
        return None
    if later.opened_at - earlier.opened_at > timedelta(hours=merge.within_hours):
        return None
    signs = dict(_signs(later, earlier, rules))
    score = round(min(1.0, max(0.0, sum(signs.values()))), _DECIMALS)
    if score < merge.at_least:
        return None
    return MergeProposal(into_ticket_id=earlier.ticket_id, score=score, reasons=tuple(signs))


def _signs(
    later: CustomerWorkChanged, earlier: CustomerWorkChanged, rules: CustomerRules
) -> list[tuple[str, float]]:
    """Return what speaks for and against one thing, each with its weight."""
    weights = rules.merge.weights
    found: list[tuple[str, float]] = []
    if later.intent is not None and later.intent == earlier.intent and later.intent not in rules.repeat.never:
        found.append((f"same_intent:{later.intent}", weights.intent))
    if later.product is not None and later.product == earlier.product:
        found.append((f"same_product:{later.product}", weights.product))
    shared = sorted(set(later.named_entities) & set(earlier.named_entities))
    if shared:
        found.append((f"same_{shared[0]}", weights.entity))
    elif _own_things(later) and _own_things(earlier):
        found.append(("other_entity", -weights.other_entity))
    if _alike(later.subject_words, earlier.subject_words, rules.merge):
        found.append(("same_subject", weights.subject))
    return found


def _own_things(ticket: CustomerWorkChanged) -> list[str]:
    return [entity for entity in ticket.named_entities if entity.startswith(_OWN_THINGS)]


def _alike(one: tuple[str, ...], other: tuple[str, ...], merge: MergeRules) -> bool:
    """Tell whether two subjects have nearly the same words, and exactly the same numbers."""
    first, second = set(one), set(other)
    if min(len(first), len(second)) < _FEWEST_WORDS or _numbers(first) != _numbers(second):
        return False
    return len(first & second) >= merge.subject_likeness * len(first | second)


def _numbers(words: set[str]) -> set[str]:
    return {word for word in words if any(character.isdigit() for character in word)}
