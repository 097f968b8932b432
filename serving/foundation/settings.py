"""Settings of the serving layer."""

from pathlib import Path
from typing import Final

from pydantic import ByteSize, Field, TypeAdapter

from schemas.settings import CommonSettings

_SIZE: Final = TypeAdapter(ByteSize)


class ServingSettings(CommonSettings):
    """What serving adds to the common settings; read once from TICKETYARD_* variables."""

    http_host: str = Field(
        default="127.0.0.1", description="Address that the HTTP server listens on; loopback by default."
    )
    http_port: int = Field(
        default=8080, ge=0, le=65535, description="Port of the HTTP server; 0 takes a free one."
    )
    http_hosts: str = Field(
        default="",
        description="Names by which clients reach the server, separated by commas; addresses and localhost always do.",
    )
    intake_url: str = Field(
        default="",
        description="The HTTP door for events, by which pages send what people do; empty is that of this home.",
    )
    session_hours: float = Field(
        default=12.0, gt=0, description="Hours after which whoever signed in on a page signs in again."
    )
    query_threads: int = Field(
        default=4, ge=1, description="Answers of fixed doors that are read at the same time."
    )
    sql_processes: int = Field(
        default=2,
        ge=1,
        description="Analysts' statements that run at the same time, each in its own process.",
    )
    query_waiting: int = Field(
        default=16, ge=0, description="Questions that wait for their turn at most; others get 429."
    )
    query_timeout_s: float = Field(
        default=10.0,
        gt=0,
        description="Seconds after which a query is stopped; half a second later its process is ended.",
    )
    sql_catch_up_s: float = Field(
        default=60.0,
        gt=0,
        description="Seconds that a process of SQL has to take over the tail before its statement; then it is ended.",
    )
    query_rows: int = Field(default=10_000, ge=1, description="Rows that one answer holds at most.")
    duckdb_threads: int = Field(default=2, ge=1, description="Threads that DuckDB computes with.")
    duckdb_memory: str = Field(
        default="2GB",
        description="Memory before DuckDB spills: half for the merge and fixed doors, half for the processes of SQL.",
    )
    duckdb_spill: str = Field(
        default="2GB", description="Disk that the merge, and each process of SQL, may fill by spilling."
    )
    stale_after_s: float = Field(
        default=60.0, gt=0, description="Age in seconds from which on a watermark makes answers incomplete."
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
    live_listeners: int = Field(
        default=1_000,
        ge=1,
        description="Who listens to what moves (pages and /v1/live) at most; others get 503.",
    )
    live_stall_s: float = Field(
        default=30.0,
        gt=0,
        description="Seconds after which a listener who takes nothing of what is sent is let go.",
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
    def session_secret_file(self) -> Path:
        """What signs sessions; whoever deletes it ends all of them."""
        return self.home / "session-secret"

    @property
    def memory_bytes(self) -> int:
        """What `duckdb_memory` says, in bytes. Raises ValueError where it is no size."""
        return int(_SIZE.validate_python(self.duckdb_memory))

    @property
    def spill_folder(self) -> Path:
        """Where DuckDB puts what does not fit into its memory, each server in a folder of its own."""
        return self.home / "run" / "duckdb"
