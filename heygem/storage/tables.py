"""The tables of queue, library and what is counted. A change here needs a migration; a test compares the two."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)

from heygem.storage.columns import Facts, Id, PathText, Utc, Words

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)

_HAS_NAME: Final = text("state IN ('present', 'missing')")
_UNFINISHED: Final = text("state IN ('queued', 'running', 'paused')")

batches: Final = Table(
    "batches",
    metadata,
    Column("batch_id", Id, primary_key=True),
    Column("name", Words, nullable=False),
    Column("owner", Words, nullable=False),
    Column("project", Words, nullable=False),
    Column("created_at", Utc, nullable=False),
    Index("ix_batches_created_at", "created_at"),
)

# A file as it was when it was asked about; size and time are -1 for one that was not there. Sizes in bytes.
inspections: Final = Table(
    "inspections",
    metadata,
    Column("task_id", Id, primary_key=True),
    Column("path", PathText, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("modified_ns", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("worker_id", String(64)),
    Column("crashes", Integer, nullable=False),
    Column("requested_at", Utc, nullable=False),
    Column("facts", Facts),
    Column("thumbnail", LargeBinary),
    Column("error_code", String(64)),
    Column("error_context", Facts),
    UniqueConstraint("path", "kind", "size_bytes", "modified_ns"),
    Index("ix_inspections_state", "state", "requested_at"),
)

# `claims` counts every lease and fences it; `attempts` only those that were not given back. `wish` is what is wanted of
# a running job. `frames_done` is the most that any attempt has rendered, `frames_at_crash` what it was at the last
# crash. `ran_s` is how long its attempts have run in all. `queued_at` is since when it is queued, NULL unless it is.
jobs: Final = Table(
    "jobs",
    metadata,
    Column("job_id", Id, primary_key=True),
    Column("batch_id", Id, ForeignKey("batches.batch_id")),
    Column("owner", Words, nullable=False),
    Column("project", Words, nullable=False),
    Column("webhook", Words, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("person", PathText, nullable=False),
    Column("voice", PathText, nullable=False),
    Column("output", PathText, nullable=False),
    Column("face", String(16), nullable=False),
    Column("engine", String(16), nullable=False, server_default="embedded"),
    Column("person_task", Id, ForeignKey("inspections.task_id"), nullable=False),
    Column("voice_task", Id, ForeignKey("inspections.task_id"), nullable=False),
    Column("preflight", Facts),
    Column("frame_count", Integer),
    Column("expected_s", Float),
    Column("expected_bytes", BigInteger),
    Column("state", String(16), nullable=False),
    Column("wish", String(16), nullable=False),
    Column("worker_id", String(64)),
    Column("lease_until", Utc),
    Column("claims", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("crashes", Integer, nullable=False),
    Column("stage", String(16)),
    Column("stage_done", Integer),
    Column("stage_total", Integer),
    Column("share", Float, nullable=False),
    Column("eta_s", Float),
    Column("frames_done", Integer, nullable=False),
    Column("frames_at_crash", Integer, nullable=False),
    Column("result", Facts),
    Column("error_code", String(64)),
    Column("error_context", Facts),
    Column("created_at", Utc, nullable=False),
    Column("queued_at", Utc),
    Column("started_at", Utc),
    Column("claimed_at", Utc),
    Column("finished_at", Utc),
    Column("ran_s", Float, nullable=False),
    Index("ix_jobs_claim", "state", "priority", "position"),
    Index("ix_jobs_batch", "batch_id", "position"),
    Index("ix_jobs_owner", "owner", "created_at"),
    Index("ix_jobs_created_at", "created_at"),
    Index("ix_jobs_finished", "state", "finished_at"),
    Index("ix_jobs_position", "position"),
    Index("ix_jobs_person_task", "person_task"),
    Index("ix_jobs_voice_task", "voice_task"),
    Index("uq_jobs_output", "output", unique=True, sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED),
)

# What was asked for under a key of the asker's own, so that asking again does nothing again.
submissions: Final = Table(
    "submissions",
    metadata,
    Column("owner", Words, primary_key=True),
    Column("key", Words, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("answer_id", Id, nullable=False),
)

drafts: Final = Table(
    "drafts",
    metadata,
    Column("item_id", Id, primary_key=True),
    Column("owner", Words, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("path", PathText, nullable=False),
    Column("name", Words, nullable=False),
    Column("face", String(16), nullable=False),
    Column("project", Words, nullable=False),
    Column("voice", PathText),
    Column("task_id", Id, ForeignKey("inspections.task_id"), nullable=False),
    Index("ix_drafts_owner", "owner", "position"),
)

workers: Final = Table(
    "workers",
    metadata,
    Column("worker_id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("host", Words, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("device", Words, nullable=False),
    Column("beat_at", Utc, nullable=False),
)

# Rows go once they are delivered; `due_at` is NULL for those given up.
webhook_deliveries: Final = Table(
    "webhook_deliveries",
    metadata,
    Column("delivery_id", Id, primary_key=True),
    Column("job_id", Id, ForeignKey("jobs.job_id"), nullable=False),
    Column("url", Words, nullable=False),
    Column("body", Facts, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("due_at", Utc),
    Index("ix_webhook_deliveries_due_at", "due_at"),
    Index("ix_webhook_deliveries_job_id", "job_id"),
)

# The latest version that was given to the names `stem_v1`, `stem_v2`, …; in lower case, so that none clash anywhere.
name_versions: Final = Table(
    "name_versions",
    metadata,
    Column("stem", Words, primary_key=True),
    Column("version", Integer, nullable=False),
)

_COUNTED: Final = ("owner", "project", "kind", "used_at", "size_bytes", "duration_s")

# Finished videos. `name` is the path below the outputs' folder, which one row at a time has; those in the trash, in the
# archive alone, or removed had it. `search_text` is what is looked for when people search. `archive_key` is the name of
# the copy in the archive, promised before it is made; it is there and is what `sha256` says since `archived_at`. The
# first index has all that is filtered, counted and sorted by, so that the rows need not be read for that. The next
# three are for pages of everything in another order; they do not begin with the state, or they would lure SQLite into
# reading all rows in their order, which is no order on disk, wherever something is filtered too.
outputs: Final = Table(
    "outputs",
    metadata,
    Column("output_id", Id, primary_key=True),
    Column("name", Words, nullable=False),
    Column("owner", Words, nullable=False),
    Column("project", Words, nullable=False),
    Column("title", Words, nullable=False),
    Column("tags", Facts, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("duration_s", Float, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("used_at", Utc, nullable=False),
    Column("trashed_at", Utc),
    Column("job_id", Id),
    Column("person", Words, nullable=False),
    Column("voice", Words, nullable=False),
    Column("problems", Facts, nullable=False),
    Column("search_text", Words, nullable=False),
    Column("archive_key", Words),
    Column("archived_at", Utc),
    Column("sha256", String(64)),
    Index("ix_outputs_facts", "state", "created_at", "output_id", *_COUNTED),
    Index("ix_outputs_title", "title", "output_id", "state"),
    Index("ix_outputs_size", "size_bytes", "output_id", "state"),
    Index("ix_outputs_duration", "duration_s", "output_id", "state"),
    Index("uq_outputs_name", "name", unique=True, sqlite_where=_HAS_NAME, postgresql_where=_HAS_NAME),
)

# What is counted as it happens, so that it stays when rows go; see domain/figures.py.
figures: Final = Table(
    "figures",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("label", Words, primary_key=True),
    Column("detail", Words, primary_key=True),
    Column("value", Float, nullable=False),
)
