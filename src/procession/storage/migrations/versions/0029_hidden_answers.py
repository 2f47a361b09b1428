"""Answers of hidden fields are not what lists find processes by.

Nothing of the schema changes: `storage.values_anew` writes the rows of templates with form rules once it is the newest.

Revision: 0029
Revises: 0028
"""

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
