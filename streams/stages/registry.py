"""The stages by name: what each reads, where its state lies, and what its partitions do."""

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Final

from casework.closing import ClosingClock
from casework.customers.rules import CustomerRules
from casework.escalation.escalation import Escalation
from casework.escalation.table import EscalationTable
from casework.predictions.settling import SatisfactionClock
from casework.routing.clocks import routing_clocks
from casework.routing.rules import RoutingRules
from casework.rules import CaseRules
from casework.sla.due_clock import SlaDueClock
from casework.sla.policies import load_sla_policies
from schemas.records.topics import Topic
from streams.foundation.settings import StreamSettings
from streams.runtime.stage_spec import StageSpec
from streams.stages.cases.clocks import Clocks
from streams.stages.cases.foretelling import Foretelling
from streams.stages.cases.partition import CasesPartition
from streams.stages.cases.prediction_shelf import PredictionShelf
from streams.stages.customers.partition import CustomersPartition
from streams.stages.roster.partition import RosterPartition
from streams.stages.routing.partition import RoutingPartition
from streams.stages.routing.policy import ByWeights
from streams.stages.routing.weights import RoutingWeights
from streams.steps.step import PartitionLogic
from understanding.manifest.pointer import PREDICTIONS_FOLDER

_sla_policies = cache(
    load_sla_policies
)  # once a process: a file that is being edited counts from the next start on

_customer_rules = cache(CustomerRules.load)
_shelf = cache(PredictionShelf)  # one model a process, whatever partitions it has


@cache
def _escalation(path: Path) -> Escalation:
    return Escalation(EscalationTable.load(path))


def _cases(settings: StreamSettings) -> PartitionLogic:
    policies = _sla_policies(settings.sla)
    days = settings.close_after_days
    closing = (ClosingClock(after=timedelta(days=days), closed_by="cases"),) if days else ()
    escalation = _escalation(settings.escalation)
    routing = RoutingRules.load(settings.routing)
    clocks = Clocks(
        retire_after=timedelta(days=settings.retire_after_days),
        forget_after=timedelta(days=settings.forget_after_days),
        rules=CaseRules(
            clocks=(
                SlaDueClock(policies=policies),
                *escalation.clocks,
                SatisfactionClock(),
                *closing,
                *routing_clocks(routing),
            ),
            progress=True,
            sla=policies,
            routing=routing,
            customers=_customer_rules(settings.customer_rules),
            escalation=escalation,
            predictions=True,
        ),
    )
    foretelling = Foretelling(_shelf(settings.models_folder / PREDICTIONS_FOLDER))
    return CasesPartition(clocks, thread_rule=settings.thread_rule, foretelling=foretelling)


def _routing(settings: StreamSettings) -> PartitionLogic:
    return RoutingPartition(
        policy=ByWeights(
            RoutingWeights(
                specialisation=settings.specialisation_weight,
                skill=settings.skill_weight,
                free_capacity=settings.free_capacity_weight,
                performance=settings.performance_weight,
            )
        ),
        rules=RoutingRules.load(settings.routing),
    )


def _roster(settings: StreamSettings) -> PartitionLogic:
    return RosterPartition(largest=settings.largest_event_bytes)


def _customers(settings: StreamSettings) -> PartitionLogic:
    return CustomersPartition(_customer_rules(settings.customer_rules), largest=settings.largest_event_bytes)


STAGES: Final = {
    spec.name: spec
    for spec in (
        # A partition's time travels with its tickets, which must be alone in the partition of the same number.
        StageSpec(name="triage", inputs=(Topic.TICKETS_EVENTS,), alike=(Topic.TICKETS_ENRICHED,)),
        StageSpec(
            name="cases",
            inputs=(Topic.TICKETS_ENRICHED, Topic.TICKETS_DECISIONS),
            state=Topic.CASES_STATE,
            new_logic=_cases,
        ),
        StageSpec(
            name="routing",
            inputs=(Topic.TICKETS_WORK, Topic.AGENTS_ROSTER),
            state=Topic.ROUTING_STATE,
            new_logic=_routing,
        ),
        StageSpec(
            name="roster",
            inputs=(Topic.AGENTS_EVENTS, Topic.AGENTS_HOLDINGS),
            state=Topic.ROSTER_STATE,
            new_logic=_roster,
            hurried=False,
        ),
        StageSpec(
            name="customers",
            inputs=(Topic.CUSTOMERS_WORK, Topic.CUSTOMERS_EVENTS),
            state=Topic.CUSTOMERS_STATE,
            new_logic=_customers,
            hurried=False,
        ),
    )
}
"""Every stage that `ticketyard stream NAME` can run."""
