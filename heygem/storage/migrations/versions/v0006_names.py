"""The versions that outputs' names have come to, and pages of outputs by name."""

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
    present = sa.text("state = 'present'")
    op.create_index(
        "ix_outputs_title", "outputs", ["title", "output_id"], sqlite_where=present, postgresql_where=present
    )
