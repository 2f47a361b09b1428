"""Which steps' tasks come before a task (null on all there are); the library of public templates.

Revision: 0026
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

TITLED = sa.text(
    "UPDATE public_template SET "
    "title = (SELECT t.title FROM template t WHERE t.org = public_template.org AND t.id = public_template.id), "
    "folded_title = (SELECT t.folded_title FROM template t "
    "WHERE t.org = public_template.org AND t.id = public_template.id), "
    "type = (SELECT t.type FROM template t WHERE t.org = public_template.org AND t.id = public_template.id), "
    "imports = 0, is_listed = 1"
)
# In a document quotation marks inside a text are written otherwise.
WITHOUT_DRAFTS = sa.text(
    "UPDATE public_template SET is_listed = 0 WHERE title IS NULL OR EXISTS (SELECT 1 FROM template t "
    "WHERE t.org = public_template.org AND t.id = public_template.id "
    "AND t.published_version IS NULL AND t.document LIKE :draft)"
)


def upgrade() -> None:
    op.add_column("task", sa.Column("blocked_by", sa.Text(), nullable=True))
    for name in ("title", "folded_title", "type"):
        op.add_column("public_template", sa.Column(name, sa.Text(), nullable=True))
    for name in ("imports", "is_listed"):
        op.add_column("public_template", sa.Column(name, sa.BigInteger(), nullable=True))
    op.execute(TITLED)
    op.execute(WITHOUT_DRAFTS.bindparams(draft='%"dual_version_enabled":true%'))


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
