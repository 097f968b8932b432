"""The settings of the batch layer."""

from pathlib import Path

from pydantic import Field

from schemas.settings import CommonSettings


class BatchSettings(CommonSettings):
    """What only the batch layer needs to know, beside what all layers share."""

    batch_niceness: int = Field(
        default=5,
        ge=0,
        le=19,
        description="How far batch steps back for what runs beside it (its nice value).",
    )
    spark_master: str = Field(
        default="local[*]", description="Where Spark runs: local[*], spark://host:port, yarn or k8s://…"
    )
    spark_driver_memory: str = Field(default="1g", description="Heap of Spark's driver, such as 1g.")
    spark_driver_java_options: str = Field(
        default="-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
        description="Java options of Spark's driver; these start fast, for hours of work use others.",
    )
    spark_shuffle_partitions: int = Field(
        default=4, ge=1, description="Partitions after a shuffle; about the number of cores."
    )
    keep_runs: int = Field(
        default=3,
        ge=2,
        description="How many runs of views stay; the served one and the one before always do.",
    )
    labelled_files: tuple[Path, ...] = Field(
        default=(), description="Labelled files to train on beside taxonomy and history, as a JSON list."
    )
    train_on_taxonomy: bool = Field(
        default=True, description="Whether models also learn the taxonomy's examples, or only labelled rows."
    )
    train_seed: int = Field(default=20_240, description="Seed of all randomness in training.")

    @property
    def lock_file(self) -> Path:
        """The file whose lock the one batch process of this home holds."""
        return self.home / "batch.lock"

    @property
    def spark_folder(self) -> Path:
        """Where Spark keeps what it writes while it works."""
        return self.home / "spark"
