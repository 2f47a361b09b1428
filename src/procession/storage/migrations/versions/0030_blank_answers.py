"""Processes are listed under the fields they have no answer to.

Nothing of the schema changes: `storage.values_anew` writes the rows once it is the newest.

Revision: 0030
Revises: 0029
"""

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
