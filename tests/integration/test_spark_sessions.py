"""Sessions that follow one another in one process share its Java machine."""

import os
import subprocess
import sys

_TRAINED_THEN_ARCHIVED = """
import os
from batch.foundation.settings import BatchSettings
from batch.foundation.spark import spark_session
from batch.training.shared_work.spark_executor import training_executor
from process.priority import step_back

settings = BatchSettings(spark_master="local[1]")
step_back(settings.batch_niceness)
with training_executor(settings):
    pass
with spark_session(settings) as session:
    source = session.read.format("kafka").option("kafka.bootstrap.servers", "127.0.0.1:1").option("subscribe", "t")
    print("columns:", *source.load().columns)
    java = session.sparkContext._gateway.proc.pid
    print("niceness:", os.getpriority(os.PRIO_PROCESS, java), os.getsid(java) == os.getsid(0))
"""


def test_kafka_can_be_read_after_training_on_spark() -> None:
    """Found in CI, where training's session happened to come first: every archiving run after it had no Kafka source.

    The process is a fresh one, as this one's Java machine was started by whichever test came first. It has stepped back
    for live work, as every batch run has, and its Java machine with it.
    """
    done = subprocess.run(
        [sys.executable, "-c", _TRAINED_THEN_ARCHIVED],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "columns: key value topic partition offset" in done.stdout, done.stderr[-2000:]
    assert f"niceness: {max(5, os.nice(0))} True" in done.stdout
