"""Settings of the serving layer."""

from pathlib import Path

from pydantic import Field

from schemas.settings import CommonSettings


class ServingSettings(CommonSettings):
    """What serving adds to the common settings; read once from TICKETYARD_* variables."""

    http_host: str = Field(
        default="127.0.0.1", description="Address that the HTTP server listens on; loopback by default."
    )
    http_port: int = Field(
        default=8080, ge=0, le=65535, description="Port of the HTTP server; 0 takes a free one."
    )
    query_threads: int = Field(default=4, ge=1, description="Queries that run at the same time.")
    query_timeout_s: float = Field(
        default=10.0, gt=0, description="Seconds after which a query is interrupted."
    )
    query_rows: int = Field(default=10_000, ge=1, description="Rows that one answer holds at most.")
    duckdb_threads: int = Field(default=2, ge=1, description="Threads that DuckDB computes with.")
    duckdb_memory: str = Field(
        default="1GB", description="Memory that DuckDB may use before it spills to disk."
    )
    serving_niceness: int = Field(
        default=5,
        ge=0,
        le=19,
        description="How far serving steps back for the stream beside it (its nice value).",
    )
    tail_batch_rows: int = Field(
        default=5_000, ge=1, description="Records that the tail appends in one transaction at most."
    )
    tail_poll_ms: int = Field(
        default=250,
        ge=1,
        description="How long new records may gather before the tail appends them and moves its watermark.",
    )
    run_poll_s: float = Field(default=1.0, gt=0, description="Seconds between looks for a new batch run.")
    topic_check_s: float = Field(
        default=10.0, gt=0, description="Seconds between checks that no served topic was recreated."
    )
    explain: bool = Field(
        default=True,
        description="Whether the server explains texts; it loads the current model when first asked.",
    )
    explain_waiting: int = Field(
        default=8, ge=1, description="Explanations that wait for their turn at most; others are refused."
    )

    @property
    def address_file(self) -> Path:
        """Where a running server says where it listens: `{"url": …, "pid": …}`."""
        return self.home / "run" / "serving.json"

    @property
    def spill_folder(self) -> Path:
        """Where DuckDB puts what does not fit into its memory."""
        return self.home / "run" / "duckdb"
