"""The metrics of one process, of whatever stages it runs."""

from prometheus_client import CollectorRegistry, generate_latest

from streams.foundation.metrics import OnePage, StageMetrics


def test_stages_of_one_process_share_a_page_with_each_family_once() -> None:
    """A family that is told of twice is no valid page, and a scrape of it fails."""
    stages = [StageMetrics(name, CollectorRegistry()) for name in ("cases", "routing")]
    for number, metrics in enumerate(stages, start=1):
        metrics.records.inc(number)
    page = generate_latest(OnePage(stages)).decode().splitlines()
    assert page.count("# TYPE ticketyard_records_total counter") == 1
    assert 'ticketyard_records_total{stage="cases"} 1.0' in page
    assert 'ticketyard_records_total{stage="routing"} 2.0' in page
