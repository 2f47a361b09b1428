"""Processes are found by parts of their answers, and are in order by name in a template, by start and by completion.

`storage.values_anew` enters what is there, and makes PostgreSQL's index, when the rows of answers are right.

Revision: 0031
Revises: 0030
"""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_process_template_name", "process", ["org", "template_id", "state", "sort_name", "seq"])
    op.create_index("ix_process_started", "process", ["org", "state", "started_at", "seq"])
    op.create_index("ix_process_completed", "process", ["org", "state", "completed_at", "seq"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE answer_search USING fts5("
            "answers, tokenize = 'trigram', detail = full, content = '', contentless_delete = 1)"
        )


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
