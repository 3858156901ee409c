"""Runs the migrations on the connection that Database.upgrade hands over, in its transaction.

The next one is a file in versions/ with the head's `revision` as its `down_revision`; it describes its tables itself,
since those in tables.py go on changing.
"""

from alembic import context

from heygem.storage.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
