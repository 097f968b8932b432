"""Openings and messages of which the model says something, under a thread rule."""

from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.fold import Fact
from schemas.records.thread_rule import ThreadPolicy, ThreadRule
from schemas.triage import UNSURE, Triage
from schemas.vocabulary import OUT_OF_SCOPE, Priority
from tests.unit.schemas.ticket_facts import fact, from_customer, opened

POLICIES: tuple[ThreadPolicy, ...] = ("first_message", "confident_change", "latest_message")
CONFIDENT = ThreadRule(policy="confident_change", margin=0.1, messages=5)
LATEST = ThreadRule(policy="latest_message", messages=5)


def says(
    intent: str,
    confidence: float,
    *,
    unsure: bool = False,
    priority: Priority | None = None,
    because: str = "",
) -> Triage:
    """Return what the model says of a text; an unsure answer goes to the triage team."""
    return Triage(
        model_version="m-7",
        decided_by="ngrams",
        team="triage" if unsure else f"team_of_{intent}",
        intent=intent,
        confidence=confidence,
        band="low" if unsure else "high",
        reasons=(UNSURE,) if unsure else (),
        priority=priority,
        priority_reasons=(because,) if because else (),
    )


def ruled(told: Fact, rule: ThreadRule) -> Fact:
    """Return the fact under a rule."""
    return replace(told, thread_rule=rule)


def opening(triage: Triage, rule: ThreadRule, at: float = 0) -> Fact:
    """Return an opening of which the model says something."""
    return ruled(fact(opened(text="x"), at, triage), rule)


def message(at: float, triage: Triage | None, rule: ThreadRule) -> Fact:
    """Return a customer's message of which the model says something."""
    return ruled(fact(from_customer(), at, triage), rule)


SURE, SURER, SUREST = says("a", 0.7), says("b", 0.8), says("c", 0.95)
HARDLY = says("d", 0.75)
LOST = says("e", 0.99, unsure=True)
GUESSED = says("f", 0.3, unsure=True)
STRANGE = says(OUT_OF_SCOPE, 0.99)

texts = st.builds(
    says,
    st.sampled_from("abc"),
    st.sampled_from((0.3, 0.5, 0.55, 0.7, 0.9)),
    unsure=st.booleans(),
    priority=st.sampled_from(list(Priority)),
    because=st.sampled_from("xy"),
)
rules = st.builds(ThreadRule, policy=st.sampled_from(POLICIES), messages=st.sampled_from((1, 2, 5)))
