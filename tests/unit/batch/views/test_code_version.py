"""What tells runs of one code from those of another."""

import pytest

from batch.views import refresh
from schemas.views.code_sums import modules_of


def test_code_version_covers_batchs_own_code_of_views(monkeypatch: pytest.MonkeyPatch) -> None:
    """How batch chooses a ticket's newest record changed, and views of before were taken over."""
    before = refresh.code_version()
    assert refresh.code_version() == before
    monkeypatch.setattr(refresh, "code_sum", lambda module, within: f"{module} of {within}, mended")
    assert refresh.code_version() != before
    assert {"batch.views.base", "batch.views.row_batches"} <= set(
        modules_of("batch.views.build", "batch.views")
    )
