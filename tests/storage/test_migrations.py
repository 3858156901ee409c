"""What an installation has kept under an earlier version is still right under this one, on both databases."""

from datetime import UTC, datetime

from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData, Table, insert, select

from heygem.storage.database import MIGRATIONS, Database
from heygem.storage.tables import jobs

MADE_AT = datetime(2026, 5, 1, 12, tzinfo=UTC)


def upgrade_to(database: Database, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def test_jobs_that_were_queued_before_that_was_noted_have_been_so_since_they_came(database_url: str):
    database = Database(database_url)
    upgrade_to(database, "0002")
    with database.write() as connection:
        old = MetaData()
        old.reflect(connection)
        task = _fill(old.tables["inspections"], task_id="t")
        connection.execute(insert(old.tables["inspections"]).values(task))
        for state in ("queued", "running"):
            job = _fill(old.tables["jobs"], job_id=state, state=state, output=state, person_task="t", voice_task="t")
            connection.execute(insert(old.tables["jobs"]).values(job))
    database.upgrade()
    with database.read() as connection:
        found = connection.execute(select(jobs.c.job_id, jobs.c.queued_at).order_by(jobs.c.job_id)).all()
    assert [tuple(row) for row in found] == [("queued", MADE_AT), ("running", None)]
    database.close()


def _fill(table: Table, **values: str) -> dict[str, object]:
    """A row with something in every column that must not be empty."""
    needed = [column for column in table.columns if not column.nullable]
    samples = {int: 0, float: 0.0, str: "x", datetime: MADE_AT}
    return {column.name: values.get(column.name, samples[column.type.python_type]) for column in needed}
