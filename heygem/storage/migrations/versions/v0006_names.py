"""The versions that outputs' names have come to, and pages of outputs by name, size and duration."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "name_versions",
        sa.Column("stem", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("stem", name="pk_name_versions"),
    )
    for name, column in (("title", "title"), ("size", "size_bytes"), ("duration", "duration_s")):
        op.create_index(f"ix_outputs_{name}", "outputs", [column, "output_id", "state"])
