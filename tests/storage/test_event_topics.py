"""What happened to templates and to tasks that stand alone is found by topic, however it came into the log."""

from sqlalchemy import bindparam, delete, select

from procession.domain.actors import BOT
from procession.storage.connection import Row
from procession.storage.log import index_topics
from procession.storage.query import Query
from procession.storage.tables.events import event_topics
from procession.storage.tx import WriteTx, writing
from tests.builders import Organization

_topics = Query(
    select(event_topics.c.topic, event_topics.c.position)
    .where(event_topics.c.org == bindparam("org"))
    .order_by(event_topics.c.topic, event_topics.c.position)
)
_forget = Query(delete(event_topics).where(event_topics.c.org == bindparam("org")))


def test_topics_made_in_bulk_are_those_made_one_by_one(org: Organization) -> None:
    template = org.template(steps=[{"title": "Call", "captures": [{"label": "Note"}]}])
    org.api.data("POST", f"/checklists/{template['id']}/comment", {"content": "hello"})
    task = org.one_off()["id"]
    org.api.data("POST", f"/tasks/{task}/comment", {"content": "hello"})
    org.process(template)

    async def again(tx: WriteTx) -> tuple[list[Row], list[Row]]:
        before = await tx.tuples(_topics)
        await tx.run(_forget)
        await tx.run(index_topics, after=0)
        return before, await tx.tuples(_topics)

    server = org.server
    before, after = server.run(writing(server.database, org.number, org.id, BOT, server.clock(), again))

    assert before == after
    assert {row[0].partition(":")[0] for row in before} == {"template", "task"}
    assert f"task:{task}" in {row[0] for row in before}
