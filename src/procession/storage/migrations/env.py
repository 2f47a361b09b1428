"""Alembic's entry point: runs the history on the connection that `upgrade` hands over."""

from alembic import context

from procession.storage.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=False, transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
