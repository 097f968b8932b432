"""The settings of the batch layer."""

from pathlib import Path

from pydantic import Field

from batch.foundation.training_options import EncoderChoice, TrainingOptions, setting_of
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
        default=(
            "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=192m -XX:MetaspaceSize=192m"
        ),
        description="Java options of Spark's driver; these start fast, for hours of work use others.",
    )
    spark_shuffle_partitions: int = Field(
        default=4, ge=1, description="Partitions after a shuffle of many records; about the number of cores."
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
    sentiment: Path | None = Field(
        default=None,
        description="Folder of a sentiment model (`train sentiment`) that every trained model carries.",
    )
    keep_examples: bool = setting_of("keep_examples")
    train_seed: int = setting_of("seed")
    train_encoder: EncoderChoice = setting_of("encoder")
    train_on_spark: bool = Field(
        default=False,
        description="Whether training shares its work out among the executors at TICKETYARD_SPARK_MASTER.",
    )
    update_after_corrections: int = Field(
        default=5,
        ge=0,
        description="`batch run` teaches the first tier so many new corrections between trainings; 0 is never.",
    )
    retrain_after_corrections: int = Field(
        default=20, ge=1, description="`batch run` trains again after so many new corrections."
    )
    retrain_after_hours: float = Field(
        default=24.0,
        ge=0,
        description="`batch run` trains again after so long where anything is new; 0 is at once.",
    )
    retrain_on_drift: bool = Field(
        default=True,
        description="Whether `batch run` trains again at a new alert of drift, where anything is new.",
    )
    gate_confidence: float = Field(
        default=0.95, gt=0.5, lt=1, description="Confidence of the interval by which a new model is judged."
    )
    gate_least_gain: float = Field(
        default=0.0,
        ge=-1,
        le=1,
        description="The interval of a new model's gain in accuracy must lie above this (0.01 is a point).",
    )
    gate_slice_rows: int = Field(
        default=50, ge=1, description="Languages, tiers and channels of so many test rows are judged apart."
    )
    gate_slice_margin: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="A new model may lose so much accuracy on any of them, not more.",
    )
    auto_promote: bool = Field(
        default=True, description="Whether a new model that wins is published without a person."
    )
    rollback_hold_hours: float = Field(
        default=24.0,
        ge=0,
        description="For so long after a rollback no new model is published without a person.",
    )
    keep_challengers: int = Field(
        default=3, ge=1, description="How many models that were never published stay for a trial."
    )

    @property
    def lock_file(self) -> Path:
        """The file whose lock the one batch process of this home holds."""
        return self.home / "batch.lock"

    @property
    def spark_folder(self) -> Path:
        """Where Spark keeps what it writes while it works."""
        return self.home / "spark"

    @property
    def training(self) -> TrainingOptions:
        """The options of the trainings that batch does by itself."""
        return TrainingOptions(
            seed=self.train_seed,
            encoder=self.train_encoder,
            keep_examples=self.keep_examples,
        )
