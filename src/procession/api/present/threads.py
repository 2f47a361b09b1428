"""Comments from stored threads."""

from collections.abc import Mapping, Sequence

from procession.api.contract.threads import CommentBody, Reaction, ThreadAuthor, ThreadOut
from procession.api.present.files import present_files
from procession.domain.bot_comments import referred_to, with_references
from procession.domain.people import BOT_NAME, full_name
from procession.domain.threads import NO_GROUPS, Thread, groups_mentioned, with_names
from procession.domain.times import wire, wire_or_none
from procession.storage import files, followers, guests, naming, thread_reactions, thread_selections, threads
from procession.storage.guests import Guest
from procession.storage.threads import MemberAuthor, PlacedThread
from procession.storage.tx import ReadTx
from procession.usecases.quoting import quoted_in
from procession.usecases.thread_writing import Draft

BOT = ThreadAuthor(None, full_name(*BOT_NAME), None, None)
SOMEBODY = "Guest"


def draft_of(body: CommentBody) -> Draft:
    """A new comment as it was sent."""
    label = body.label or "comment"
    return Draft(
        content=body.content, state=body.state, label=label, selected_text=body.selected_text, files=body.files
    )


async def present_threads(tx: ReadTx, rows: Sequence[PlacedThread]) -> list[ThreadOut]:
    """Threads in their order, however many: one statement each for members' names, guests' names, reactions,
    selected texts, files and what the system names.
    """
    found = [row.thread for row in rows]
    named = {member for each in found for member in each.mentions}
    named |= {each.author for each in found if each.author is not None}
    addresses = {each.author_guest for each in found if each.author_guest is not None}
    people = await threads.authors(tx, named) if named else {}
    outsiders = await guests.by_emails(tx, addresses)
    reactions = await thread_reactions.of_threads(tx, [each.no for each in found]) if found else {}
    selections = await thread_selections.of_threads(tx, [each.no for each in found]) if found else {}
    carried = await files.of_threads(tx, [each.no for each in found])
    referred = await followers.known_names(tx, referred_to(found))
    names = {member: person.full_name for member, person in people.items()}
    quoted = await quoted_in(tx, (each.content for each in found))

    groups = {group for each in found if each.author_kind == "user" for group in groups_mentioned(each.content)}
    group_names: Mapping[str, str] = (await naming.names_of(tx, (), groups)).groups if groups else NO_GROUPS

    def content(each: Thread) -> str:
        known = {member: names[member] for member in each.mentions if member in names}
        text = with_references(each, referred)
        return quoted.now(with_names(text, known, group_names if each.author_kind == "user" else NO_GROUPS))

    me = tx.actor.guest_email if tx.actor.kind == "guest" else None
    return [
        ThreadOut(
            id=each.id,
            content=content(each),
            author_id=each.author,
            author_type=each.author_kind,
            author=_author(each, people, outsiders, guest=me),
            task_id=row.task_id,
            label=each.label,
            state=each.state,
            created_at=wire(each.created_at),
            updated_at=wire(each.updated_at),
            archived_at=wire_or_none(row.archived_at),
            resolve_id=each.resolve_id,
            sent_to=list(each.mentions),
            reactions=[Reaction(emoji, users) for emoji, users in reactions.get(each.no, {}).items()],
            selected_text=selections.get(each.no),
            assets=present_files(carried.get(each.no, ()), tx.organization_id).data,
        )
        for row in rows
        for each in (row.thread,)
    ]


async def present_thread(tx: ReadTx, row: PlacedThread) -> ThreadOut:
    return (await present_threads(tx, [row]))[0]


def _author(
    thread: Thread, people: Mapping[int, MemberAuthor], outsiders: Mapping[str, Guest], *, guest: str | None
) -> ThreadAuthor:
    """`guest` is the address of the guest who reads, to whom other addresses are not shown (Spec: api-tasks 16)."""
    if thread.author_kind == "bot":
        return BOT
    if thread.author is not None:
        member = people.get(thread.author)
        if member is None:
            return ThreadAuthor(thread.author, "", None, None)
        return ThreadAuthor(thread.author, member.full_name, None if guest else member.email, member.profile_pic)
    email = thread.author_guest or ""
    shows_address = guest in (None, email)
    outsider = outsiders.get(email)
    name = full_name(outsider.first_name or "", outsider.last_name or "") if outsider else ""
    return ThreadAuthor(
        outsider.id if outsider else None,
        name or (email if shows_address else SOMEBODY),
        email if shows_address else None,
        outsider.details.image_url if outsider else None,
    )
