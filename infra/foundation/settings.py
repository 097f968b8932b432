"""Settings of what starts and operates the layers."""

from typing import Literal

from pydantic import Field

from schemas.settings import CommonSettings

Stage = Literal["triage", "cases", "routing", "roster", "customers"]
STAGES: tuple[Stage, ...] = ("roster", "routing", "customers", "cases", "triage")
"""The stages of the speed layer; who takes work from another starts before it, so nothing waits long."""


STATEFUL: tuple[Stage, ...] = tuple(stage for stage in STAGES if stage != "triage")
_LIGHT: tuple[Stage, ...] = tuple(stage for stage in STATEFUL if stage != "cases")
_FEW_CORES = 2


class InfraSettings(CommonSettings):
    """What `up`, `demo` and `doctor` can be told by TICKETYARD_* variables."""

    kafka_port: int | None = Field(default=None, description="Port of the embedded broker; free if unset.")
    kafka_heap_mb: int = Field(default=512, ge=256, description="Heap of the embedded broker in MB.")
    http_port: int | None = Field(
        default=None, description="Port of serving's API under `up`; free if unset."
    )
    intake: bool = Field(
        default=True,
        description="Whether `up` also runs `ticketyard stream intake`, the HTTP door by which pages write.",
    )
    intake_port: int | None = Field(default=None, description="Port of that door under `up`; free if unset.")
    batch_every_minutes: float = Field(
        default=15.0, ge=0, description="How often `up` runs a batch cycle; 0 leaves that to you."
    )
    triage_workers: int = Field(default=1, ge=0, description="Processes of the triage stage under `up`.")
    cases_workers: int = Field(default=1, ge=0, description="Processes of the cases stage under `up`.")
    routing_workers: int = Field(default=1, ge=0, description="Processes of the routing stage under `up`.")
    roster_workers: int = Field(default=1, ge=0, description="Processes of the roster stage under `up`.")
    customers_workers: int = Field(
        default=1, ge=0, description="Processes of the customers stage under `up`."
    )

    stream_processes: Literal["auto", "one", "two", "three", "each"] = Field(
        default="auto",
        description=(
            "Processes of the stages under `up`: all in one, two with triage by itself, three with cases by itself as "
            "well, or each by itself; auto is three on up to two cores, else each. A stage of several workers is by "
            "itself in any case."
        ),
    )

    def stages_together(self, cores: int) -> tuple[Stage, ...]:
        """Return the stages that `up` runs in one process, on a machine with so many cores."""
        how = self.stream_processes
        if how == "auto":
            how = "three" if cores <= _FEW_CORES else "each"
        stages = {"one": STAGES, "two": STATEFUL, "three": _LIGHT, "each": ()}[how]
        together = tuple(stage for stage in stages if self.workers(stage) == 1)
        return together if len(together) > 1 else ()

    def workers(self, stage: Stage) -> int:
        """Return how many processes of a stage `up` runs."""
        counts: dict[Stage, int] = {
            "triage": self.triage_workers,
            "cases": self.cases_workers,
            "routing": self.routing_workers,
            "roster": self.roster_workers,
            "customers": self.customers_workers,
        }
        return counts[stage]
