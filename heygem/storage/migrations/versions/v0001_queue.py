"""The queue's first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "batches",
        sa.Column("batch_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", name="pk_batches"),
    )
    op.create_index("ix_batches_created_at", "batches", ["created_at"])
    op.create_table(
        "inspections",
        sa.Column("task_id", sa.String(length=32), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("modified_ns", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("worker_id", sa.String(length=64)),
        sa.Column("crashes", sa.Integer(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", sa.JSON()),
        sa.Column("thumbnail", sa.LargeBinary()),
        sa.Column("error_code", sa.String(length=64)),
        sa.Column("error_context", sa.JSON()),
        sa.PrimaryKeyConstraint("task_id", name="pk_inspections"),
        sa.UniqueConstraint("path", "kind", "size_bytes", "modified_ns", name="uq_inspections_path"),
    )
    op.create_index("ix_inspections_state", "inspections", ["state", "requested_at"])
    op.create_table(
        "submissions",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("answer_id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("owner", "key", name="pk_submissions"),
    )
    op.create_table(
        "workers",
        sa.Column("worker_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("worker_id", name="pk_workers"),
    )
    op.create_table(
        "drafts",
        sa.Column("item_id", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("face", sa.String(length=16), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("voice", sa.Text()),
        sa.Column("task_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["inspections.task_id"], name="fk_drafts_task_id"),
        sa.PrimaryKeyConstraint("item_id", name="pk_drafts"),
    )
    op.create_index("ix_drafts_owner", "drafts", ["owner", "position"])
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.String(length=32), nullable=False),
        sa.Column("batch_id", sa.String(length=32)),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("webhook", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("voice", sa.Text(), nullable=False),
        sa.Column("output", sa.Text(), nullable=False),
        sa.Column("face", sa.String(length=16), nullable=False),
        sa.Column("person_task", sa.String(length=32), nullable=False),
        sa.Column("voice_task", sa.String(length=32), nullable=False),
        sa.Column("preflight", sa.JSON()),
        sa.Column("frame_count", sa.Integer()),
        sa.Column("expected_s", sa.Float()),
        sa.Column("expected_bytes", sa.BigInteger()),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("wish", sa.String(length=16), nullable=False),
        sa.Column("worker_id", sa.String(length=64)),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("crashes", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=16)),
        sa.Column("stage_done", sa.Integer()),
        sa.Column("stage_total", sa.Integer()),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("eta_s", sa.Float()),
        sa.Column("frames_done", sa.Integer(), nullable=False),
        sa.Column("frames_at_crash", sa.Integer(), nullable=False),
        sa.Column("result", sa.JSON()),
        sa.Column("error_code", sa.String(length=64)),
        sa.Column("error_context", sa.JSON()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("claimed_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("ran_s", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.batch_id"], name="fk_jobs_batch_id"),
        sa.ForeignKeyConstraint(["person_task"], ["inspections.task_id"], name="fk_jobs_person_task"),
        sa.ForeignKeyConstraint(["voice_task"], ["inspections.task_id"], name="fk_jobs_voice_task"),
        sa.PrimaryKeyConstraint("job_id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_batch", "jobs", ["batch_id", "position"])
    op.create_index("ix_jobs_claim", "jobs", ["state", "priority", "position"])
    op.create_index("ix_jobs_created_at", "jobs", ["created_at"])
    op.create_index("ix_jobs_finished", "jobs", ["state", "finished_at"])
    op.create_index("ix_jobs_owner", "jobs", ["owner", "created_at"])
    op.create_index("ix_jobs_person_task", "jobs", ["person_task"])
    op.create_index("ix_jobs_position", "jobs", ["position"])
    op.create_index("ix_jobs_voice_task", "jobs", ["voice_task"])
    op.create_index(
        "uq_jobs_output",
        "jobs",
        ["output"],
        unique=True,
        sqlite_where=sa.text("state IN ('queued', 'running', 'paused')"),
        postgresql_where=sa.text("state IN ('queued', 'running', 'paused')"),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("delivery_id", sa.String(length=32), nullable=False),
        sa.Column("job_id", sa.String(length=32), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_webhook_deliveries_job_id"),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_webhook_deliveries"),
    )
    op.create_index("ix_webhook_deliveries_due_at", "webhook_deliveries", ["due_at"])
    op.create_index("ix_webhook_deliveries_job_id", "webhook_deliveries", ["job_id"])
