"""Which stages `up` runs in which processes."""

from pathlib import Path

import pytest

from infra.foundation.settings import STAGES, STATEFUL, InfraSettings
from infra.pipeline import (
    Addresses,
    choose_addresses,
    pipeline_parts,
    serving_part,
    stage_parts,
    worker_processes,
)


@pytest.mark.parametrize(
    ("how", "cores", "together"),
    [
        ("auto", 1, ("roster", "routing", "customers")),
        ("auto", 2, ("roster", "routing", "customers")),
        ("auto", 4, ()),
        ("one", 64, STAGES),
        ("two", 64, STATEFUL),
        ("each", 1, ()),
    ],
)
def test_few_cores_run_stages_together(how: str, cores: int, together: tuple[str, ...]) -> None:
    """An interpreter a stage is memory that a small machine misses; with cores to spare each stage has its own."""
    settings = InfraSettings.model_validate({"stream_processes": how})
    assert settings.stages_together(cores) == together


def test_a_stage_of_several_workers_is_by_itself() -> None:
    """Its second worker could not be in the same process, and one stage alone is not together."""
    settings = InfraSettings(stream_processes="two", cases_workers=2)
    assert settings.stages_together(2) == ("roster", "routing", "customers")
    assert (
        InfraSettings(
            stream_processes="two", cases_workers=2, routing_workers=0, customers_workers=0
        ).stages_together(2)
        == ()
    )
    assert dict(worker_processes(settings)) == {
        "stages": ("roster", "routing", "customers"),
        "cases": ("cases",),
        "cases-2": ("cases",),
        "triage": ("triage",),
    }


def test_each_process_is_told_its_stages_and_its_name(tmp_path: Path) -> None:
    """The name makes it a static member of the groups, so that a restart takes its partitions back."""
    settings = InfraSettings(stream_processes="two", home=tmp_path)
    ports = {name: number for number, (name, _) in enumerate(worker_processes(settings))}
    parts = list(stage_parts(settings, Addresses(bootstrap_servers="b", http_port=1, metrics_ports=ports)))
    assert [part.child.command[3:] for part in parts] == [
        ["stream", "all", "roster", "routing", "customers", "cases"],
        ["stream", "triage"],
    ]
    assert [part.child.environment["TICKETYARD_WORKER_ID"] for part in parts] == ["stages", "triage"]


def test_webhooks_run_where_a_file_of_them_is_named(tmp_path: Path) -> None:
    """Who tells nobody needs no process for it."""

    def names(settings: InfraSettings) -> set[str]:
        addresses = choose_addresses(settings, "b", iter(range(5000, 5100)).__next__)
        return {part.child.name for part in pipeline_parts(settings, addresses)}

    without = names(InfraSettings(home=tmp_path))
    assert names(InfraSettings(home=tmp_path, webhooks=tmp_path / "webhooks.yaml")) - without == {"webhooks"}


def test_the_door_for_events_runs_and_serving_knows_it(tmp_path: Path) -> None:
    """At the port that `up` chose, which it tells to other commands of the home; pages write by it."""
    settings = InfraSettings(home=tmp_path)
    addresses = choose_addresses(settings, "b", iter(range(5000, 5100)).__next__)
    (door,) = [part for part in pipeline_parts(settings, addresses) if part.child.name == "intake"]
    assert door.child.command[3:] == ["stream", "intake"]
    assert door.child.environment["TICKETYARD_INTAKE_PORT"] == str(addresses.intake_port)
    told = addresses.endpoints()
    assert told.intake_url == f"http://127.0.0.1:{addresses.intake_port}"
    assert told.metrics_urls["intake"] == f"{told.intake_url}/metrics"
    serving = serving_part(settings, addresses).child
    assert serving.environment["TICKETYARD_INTAKE_URL"] == told.intake_url


def test_who_wants_no_door_gets_none(tmp_path: Path) -> None:
    """Pages then say that nothing can be written, and how."""
    settings = InfraSettings(home=tmp_path, intake=False)
    addresses = choose_addresses(settings, "b", iter(range(5000, 5100)).__next__)
    assert (addresses.intake_port, addresses.endpoints().intake_url) == (None, "")
    assert "intake" not in {part.child.name for part in pipeline_parts(settings, addresses)}
