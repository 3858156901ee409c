"""Where the copies of finished videos are in the archive."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("outputs", sa.Column("archive_key", sa.Text()))
    op.add_column("outputs", sa.Column("archived_at", sa.DateTime(timezone=True)))
    op.add_column("outputs", sa.Column("sha256", sa.String(length=64)))
