"""The first schema.

Revision: 0001
Revises:
"""

from alembic import op

from procession.storage.schema import metadata
from procession.storage.search import create_search

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    metadata.create_all(connection)
    for statement in create_search(connection.dialect.name):
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
