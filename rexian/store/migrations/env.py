"""Alembic's entry: runs on the connection, and in the transaction, that rexian.store.migrate opened."""

from alembic import context

from rexian.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=False,  # the transaction is already open, and SQLite's DDL is inside it
)
context.run_migrations()
