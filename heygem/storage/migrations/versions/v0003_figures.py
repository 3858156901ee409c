"""Figures that only grow, and since when a job has been queued."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "figures",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", "label", "detail", name="pk_figures"),
    )
    op.add_column("jobs", sa.Column("queued_at", sa.DateTime(timezone=True)))
    op.execute("UPDATE jobs SET queued_at = created_at WHERE state = 'queued'")
