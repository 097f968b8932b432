"""The checks on public data from beginning to end: a pipeline of their own, the replay, a batch cycle, the verdict."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from infra.demo.serving_client import NotServedInTime, ServingClient
from infra.foundation.settings import InfraSettings
from infra.pipeline import ticketyard
from infra.running import RunningPipeline, running_pipeline
from process.environment import environment_with
from schemas.errors import Permanent
from tests.public_data import incidents, it_tickets
from tests.public_data.bundle_release import release_bundle
from ticketyard.settings import ProducingSettings

Say = Callable[[str], None]
_TAKEN_UP_WITHIN_S = 60.0
RECOUNT = Path(__file__).with_name("recount_incidents.py")


def run_it_check(home: Path, *, share: float, rate: float, say: Say) -> it_tickets.ItTicketsReport:
    """Train on 80 % of `share` of the IT tickets, replay the other 20 % at `rate`, and compare with `evaluate`."""
    settings = InfraSettings()
    split = it_tickets.write_split(_data_file(settings, it_tickets.DATA_FILE), home, share=share)
    bundle = home / "bundle"
    say(f"training on {split.train_rows:,} tickets; {split.test_rows:,} are held out")
    columns = ["--text-column", it_tickets.TEXT_COLUMN, "--label-column", it_tickets.LABEL_COLUMN]
    _run("train", "--labelled", str(split.train), "--out", str(bundle), "--encoder", "frozen", *columns)
    with _pipeline(home, bundle, it_tickets.PIPELINE_SETTINGS, say) as pipeline:
        say(f"replaying {split.test_rows:,} tickets at {rate:g}/s")
        report = it_tickets.check_it_tickets(
            _producing(pipeline), pipeline.addresses.http_url, test=split.test, bundle=bundle, rate=rate
        )
    say(
        f"served accuracy {report.served_accuracy:.4f} on {report.tickets:,} tickets, "
        f"evaluate {report.evaluated_accuracy:.4f} on {report.evaluated_rows:,}"
    )
    return report


def run_incidents_check(
    home: Path, *, share: float, say: Say, bundle: Path | None = None
) -> tuple[incidents.IncidentsReport, incidents.Figures]:
    """Replay `share` of the incidents in event time; return the report, and serving's figures over a batch run.

    The log has no text, so the model decides nothing: without a `bundle` one is trained from the taxonomy.
    """
    settings = InfraSettings()
    home.mkdir(parents=True, exist_ok=True)
    file = home / "events.csv.gz"
    rows = incidents.write_slice(_data_file(settings, incidents.DATA_FILE), file, share=share)
    if bundle is None:
        say("training a model from the taxonomy; the log has no text, so it decides nothing")
        bundle = home / "bundle"
        _run("train", "--out", str(bundle))
    with _pipeline(home, bundle, incidents.PIPELINE_SETTINGS, say) as pipeline:
        say(f"replaying {rows:,} rows of the log in event time")
        report = incidents.check_incidents(
            _producing(pipeline), pipeline.addresses.http_url, file=file, recount=RECOUNT
        )
        say("the realtime answers are in; running a batch cycle and asking again")
        _run("batch", "run", "--skip-train", environment=pipeline.addresses.environment())
        served = _figures_over_batch(ServingClient(pipeline.addresses.http_url))
    say(
        f"{report.served['incidents']:,} incidents: {'equal' if report.agrees else 'NOT equal'} to the recount"
    )
    return report, served


def _figures_over_batch(serving: ServingClient) -> incidents.Figures:
    """Wait until serving has taken up the batch run, and ask it for the figures."""
    deadline = time.monotonic() + _TAKEN_UP_WITHIN_S
    while serving.answer("SELECT 1")["run_id"] is None:
        if time.monotonic() > deadline:
            raise NotServedInTime(f"serving has not taken up the batch run within {_TAKEN_UP_WITHIN_S:.0f} s")
        time.sleep(0.5)
    return incidents.served_figures(serving)


def _data_file(settings: InfraSettings, name: Path) -> Path:
    file = settings.data.resolve() / name
    if not file.exists():
        raise Permanent(
            f"{file} is missing: set TICKETYARD_DATA to the folder that holds the public data sets"
        )
    return file


@contextmanager
def _pipeline(
    home: Path, bundle: Path, environment: Mapping[str, str], say: Say
) -> Iterator[RunningPipeline]:
    """Run a whole pipeline in `home`; its parts read the settings from this process's environment.

    The bundle is released before workers start: none begins with the model of the first day.
    """
    setup = InfraSettings().setup_folder
    own = {
        "TICKETYARD_HOME": str(home),
        "TICKETYARD_SETUP_FOLDER": setup,
        "TICKETYARD_BATCH_EVERY_MINUTES": "0",
        **environment,
    }
    with environment_with(own), running_pipeline(InfraSettings(), say) as pipeline:
        release_bundle(_producing(pipeline), bundle)
        pipeline.start()
        yield pipeline


def _producing(pipeline: RunningPipeline) -> ProducingSettings:
    return ProducingSettings(bootstrap_servers=pipeline.settings.bootstrap_servers)


def _run(*arguments: str, environment: Mapping[str, str] | None = None) -> None:
    done = subprocess.run(
        ticketyard(*arguments),
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        tail = done.stdout.decode(errors="replace").strip()[-1500:]
        raise Permanent(f"`ticketyard {' '.join(arguments)}` ended with code {done.returncode}: {tail}")
