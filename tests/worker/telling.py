"""Telling people what has happened since the last time, as the worker does, and reading what they were told."""

import asyncio

from procession.usecases.noticing import tell_people
from tests.builders import Organization, Person
from tests.post import PostOffice, text_of


def tell(org: Organization, *, servers: int = 1) -> int:
    edge = org.server.edge

    async def work() -> list[int]:
        return await asyncio.gather(
            *[tell_people(edge.database, org.number, org.id, edge.clock, edge.means) for _ in range(servers)]
        )

    return sum(org.server.run(work()))


def news(org: Organization, post: PostOffice, *people: Person | str) -> list[list[str]]:
    """The subjects of what each of these (guests by address) has got since this was asked last."""
    tell(org)
    post.send()
    found = [[str(mail["Subject"]) for mail in post.to(address_of(each))] for each in people]
    post.taken.clear()
    return found


def letter(org: Organization, post: PostOffice, person: Person | str) -> tuple[str, str]:
    """Subject and markup of the one mail that this person has got since they were asked last."""
    tell(org)
    post.send()
    [mail] = post.to(address_of(person))
    post.taken.clear()
    return str(mail["Subject"]), text_of(mail)


def address_of(person: Person | str) -> str:
    return person if isinstance(person, str) else person.email
