"""The activity feed. Spec: api-processes 12, api-content 7."""

from collections.abc import Collection

from procession.api.call import Call
from procession.api.contract.activity import ActivityParams, ActivityRow
from procession.api.contract.envelope import Paginated
from procession.api.lists import answered
from procession.api.operations import operation
from procession.api.present.activity import present_activity
from procession.domain.activity_kinds import ENTITIES, TYPES, VERBS, EntityType, kinds_of
from procession.domain.errors import Invalid
from procession.domain.guests import GuestKey
from procession.domain.names import fold
from procession.domain.times import DAY, Millis, parse_day
from procession.storage import guests, members
from procession.storage.activity import REACH, Asked
from procession.storage.tx import ReadTx
from procession.usecases.activity import Wanted, feed

FEED = "/organizations/{org_id}/activity-feeds"
PER_PAGE = 20
SOURCES = {"member": "member", "guest": "guest", "webhook": "webhook"}
ACTORS = {"user": "member", "guest": "guest"}
ORIGINS = ("checklist", "run", "step", "task")

Errors = dict[str, list[str]]


@operation("GET", FEED, tag="activity", etag=True, errors=(403, 422))
async def list_activity(tx: ReadTx, call: Call, params: ActivityParams) -> Paginated[ActivityRow]:
    """List what happened, the newest first: of one template, process, step, task or comment, or of all one may see.

    Reaches back 10,000 rows of what the filters leave, without an entity 1,000. What rules did is nobody's.
    """
    page = (
        None if params.without_pagination else call.page(params.page, params.per_page, params.limit, default=PER_PAGE)
    )
    _, descending = call.sorting(params.sort, params.sort_by, known=("created_at",), default="-created_at")
    wanted = await _wanted(tx, params, descending=descending)
    limit, offset = (REACH, 0) if page is None else (page.size, min(page.offset, REACH))
    found = await feed(tx, wanted, limit=limit, offset=offset)
    return answered(call, await present_activity(tx, found), found.total, page)


async def _wanted(tx: ReadTx, params: ActivityParams, *, descending: bool) -> Wanted:
    """Raises Invalid with every fault: the lists are closed. Spec: api-processes 12."""
    errors: Errors = {}
    entity = _entity(params, errors)
    for name, given, known in (("type", params.type, TYPES), ("verb", params.verb, VERBS)):
        if not set(given) <= set(known):
            errors[name] = [f"The {name} must be one of {', '.join(known)}."]
    actor_kind, actor_id = await _actor(tx, params, errors)
    since = _day("created_after", params.created_after, errors)
    until = _day("created_before", params.created_before, errors)
    if params.search is not None and not 2 <= len(params.search) <= 100:
        errors["search"] = ["The search must have 2 to 100 characters."]
    if params.origin_id is not None and params.origin_type is None:
        errors["origin_type"] = ["The origin type field is required with an origin id."]
    if params.origin_type is not None and params.origin_type not in ORIGINS:
        errors["origin_type"] = [f"The origin type must be one of {', '.join(ORIGINS)}."]
    if errors:
        raise Invalid(errors)
    kinds = kinds_of(params.verb, params.type)
    origin: tuple[str, str | None] | None = None
    if params.origin_type is not None:
        origin = params.origin_type, None if params.origin_id is None else params.origin_id.lower()
        kinds = [each for each in kinds if each == "process.launched"]
    asked = Asked(
        kinds=kinds if actor_kind != "webhook" and actor_id != "" else [],
        since=since,
        until=None if until is None else until + DAY,
        actor_kind=actor_kind,
        actor_id=actor_id,
        descending=descending,
    )
    text = fold(params.search) if params.search else None
    return Wanted(
        asked=asked, entity=entity, verbs=frozenset(params.verb), search=text, field=params.field, origin=origin
    )


def _entity(params: ActivityParams, errors: Errors) -> tuple[EntityType, str] | None:
    if params.entity_type is None and params.entity_id is None:
        return None
    kinds: list[EntityType] = [each for each in ENTITIES if each == params.entity_type]
    if not kinds:
        errors["entity_type"] = [f"The entity type must be one of {', '.join(ENTITIES)}."]
    if not params.entity_id:
        errors["entity_id"] = ["The entity id field is required with an entity type."]
    return (kinds[0], params.entity_id.lower()) if kinds and params.entity_id else None


async def _actor(tx: ReadTx, params: ActivityParams, errors: Errors) -> tuple[str | None, str | None]:
    """Kind and key as the log has them; the key is "" for somebody there is not. Spec: api-processes 12."""
    kind = _word("actor_type", params.actor_type, ACTORS, errors)
    source = _word("source", params.source, SOURCES, errors)
    if params.actor_email is not None:
        member = await members.by_email(tx, params.actor_email)
        if member is not None:
            return "member", str(member.account)
        guest = (await guests.by_emails(tx, [params.actor_email.strip().lower()])).values()
        return ("guest", next(iter(guest)).email) if guest else ("member", "")
    if kind == "guest" and params.actor_id is not None:
        found = await guests.find(tx, GuestKey(id=params.actor_id))
        return "guest", "" if found is None else found.email
    if params.actor_id is not None:
        return "member", str(params.actor_id)
    if kind is not None and source is not None and kind != source:
        return kind, ""
    return kind or source, None


def _word(name: str, given: str | None, known: dict[str, str], errors: Errors) -> str | None:
    if given is None:
        return None
    if given.lower() not in known:
        errors[name] = [f"The {name.replace('_', ' ')} must be {_options(known)}."]
    return known.get(given.lower())


def _options(known: Collection[str]) -> str:
    *first, last = known
    return f"{', '.join(first)} or {last}"


def _day(name: str, given: str | None, errors: Errors) -> Millis | None:
    try:
        return None if given is None else parse_day(given)
    except ValueError as fault:
        errors[name] = [str(fault)]
        return None
