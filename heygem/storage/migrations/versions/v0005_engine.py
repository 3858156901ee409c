"""Which engine paints a job's mouths; until now there was one."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("engine", sa.String(length=16), nullable=False, server_default="embedded"))
