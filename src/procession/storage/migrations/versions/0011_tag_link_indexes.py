"""The tags of a process or task are found by an index that has them, which planners then take.

Revision: 0011
Revises: 0010
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for subject in ("process", "task"):
        name = f"ix_tag_link_{subject}"
        op.drop_index(name, "tag_link")
        op.create_index(name, "tag_link", ["org", subject, "tag_id"])


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
