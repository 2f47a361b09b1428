"""Alembic's entry point: runs the history on the connection that `upgrade` hands over, in its transaction."""

from alembic import context

from procession.storage.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
