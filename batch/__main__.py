"""`python -m batch`: one whole batch cycle, where only this layer is installed."""

import structlog

from batch.cycle import batch_cycle
from batch.foundation.settings import BatchSettings
from process.logs import configure_logs

configure_logs("batch")
with batch_cycle(
    BatchSettings(), command="python -m batch", progress=structlog.get_logger("batch").info
) as cycle:
    cycle.archive()
    cycle.refresh_views()
    cycle.train()
