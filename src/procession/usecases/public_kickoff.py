"""The public kick-off form: anybody with its link reads it and launches. Spec: L-7.20 to L-7.27, L-7.35 to L-7.37."""

import msgspec

from procession.domain.actors import Actor
from procession.domain.answers import fold_map
from procession.domain.emails import is_email
from procession.domain.errors import Invalid, NotFound, WrongState
from procession.domain.files import File
from procession.domain.guests import GuestKey, normal_email
from procession.domain.loose import as_object
from procession.domain.processes import Process
from procession.domain.templates import Template, TemplateRow, is_draft
from procession.storage import guests as stored_guests
from procession.storage import members, template_versions, templates
from procession.storage.database import Database
from procession.storage.public_kickoffs import Place
from procession.storage.tx import ReadTx, WriteTx, writing
from procession.usecases import guests, kickoff_letters, public_logos, uploading
from procession.usecases.launch_requests import Wish
from procession.usecases.launching import launch_process
from procession.usecases.reactions import Means
from procession.usecases.uploading import Received

NOT_PUBLIC = "This form is not publicly accessible."
CLOSED = "This form is closed at the moment."
NOT_AN_ADDRESS = "The email must be a valid email address."
SIGN_IN = "This address belongs to a member of the organization. Sign in, and launch from the template."
NO_FILES = "This form asks for no files."
NOT_USABLE = "This address cannot be used here."
GUESTS_ONLY = "People are named by e-mail addresses of guests here"
# What a visitor may be told of a refused launch: the rest is about the template.
TOLD = frozenset({"prerun", "name"})


class Form(msgspec.Struct, frozen=True):
    """A form that is open, and the member in whose name it launches."""

    template: TemplateRow
    document: Template
    sharer: int


class Submission(msgspec.Struct, frozen=True):
    email: str
    name: str | None
    prerun: object


async def opened(tx: ReadTx, template_id: str) -> Form:
    """The form as visitors get it: never a draft. Raises NotFound, WrongState (archived, unpublished). Spec: T-9.7."""
    row = await templates.find(tx, template_id)
    sharer = None if row is None or not row.document.is_public_kickoff else await _sharer(tx, row)
    if row is None or sharer is None:
        raise NotFound(NOT_PUBLIC)
    if row.is_archived:
        raise WrongState(CLOSED)
    if not is_draft(row, row.document):
        return Form(row, row.document, sharer)
    if row.published_version is None:
        raise WrongState(CLOSED)
    return Form(row, await template_versions.version_document(tx, row.id, row.published_version), sharer)


async def logo(tx: ReadTx, template_id: str, version: str) -> File:
    """The logo that the form shows, as long as it is open. Raises NotFound, WrongState. Spec: T-9.8."""
    await opened(tx, template_id)
    return await public_logos.of_version(tx, version)


async def _sharer(tx: ReadTx, row: TemplateRow) -> int | None:
    """Who switched it on, the owner when they are gone, nobody when both are. Spec: T-9.6."""
    wanted = [each for each in (row.document.kickoff_sharing_user_id, row.owner) if each is not None]
    known = await members.many(tx, wanted)
    return next((each for each in wanted if each in known and known[each].status == "active"), None)


async def submit(
    database: Database, place: Place, given: Submission, means: Means, *, at: int, address: str | None
) -> Process:
    """Launch in the sharing member's name; the visitor is a guest from then on.

    Raises Invalid, NotFound, WrongState; nothing is created then. Spec: L-7.21, L-7.22, L-7.24.
    """
    email = normal_email(given.email)

    async def work(tx: WriteTx) -> Process:
        process = await launch(tx, place.template_id, given, means)
        await kickoff_letters.confirm(tx, place.template_id, process, email, means)
        return process

    visitor = visitor_of(email, address)
    return await writing(database, place.org, place.organization_id, visitor, at, work)


def visitor_of(email: str, address: str | None) -> Actor:
    return Actor(kind="guest", guest_email=email, channel="public_kickoff", address=address)


async def launch(tx: WriteTx, template_id: str, given: Submission, means: Means) -> Process:
    """As `submit`, in a transaction of the visitor's."""
    form, email = await opened(tx, template_id), normal_email(given.email)
    await _require_usable(tx, email)
    wish = Wish(
        template_id=template_id,
        name=given.name,
        owner=form.sharer,
        starter=form.sharer,
        prerun=_answers(form.document, given.prerun, email),
        is_by_setting=True,
    )
    process = await _launched(tx, wish, means)
    await guests.ensure(tx, means.secrets, [email], field="email")
    return process


async def keep_file(database: Database, place: Place, received: Received, *, at: int) -> File:
    """A file that an answer of the form may name when it is submitted. Raises NotFound, WrongState."""
    visitor = Actor(kind="nobody", channel="public_kickoff")

    async def work(tx: WriteTx) -> File:
        form = await opened(tx, place.template_id)
        if not any(field.field_type == "file" for field in form.document.kickoff):
            raise Invalid({"name": [NO_FILES]})
        return await uploading.keep_for_public_form(tx, received, form.template.id)

    return await writing(database, place.org, place.organization_id, visitor, at, work)


async def _require_usable(tx: WriteTx, email: str) -> None:
    if not is_email(email):
        raise Invalid({"email": [NOT_AN_ADDRESS]})
    if await members.addresses_among(tx, [email]):
        raise Invalid({"email": [SIGN_IN]})
    known = await stored_guests.find(tx, GuestKey(email=email))
    if known is not None and known.disabled_at is not None:
        raise Invalid({"email": [NOT_USABLE]})


def _answers(document: Template, sent: object, email: str) -> object:
    """The visitor's answers. An assignee picker takes guests only, or the visitor where it says so. Spec: L-7.37."""
    answers = fold_map(sent)
    if answers is None:
        return sent
    pickers = [field for field in document.kickoff if field.field_type == "assignees_form"]
    faults: list[dict[str, list[str]]] = []
    for field in pickers:
        if (field.settings or {}).get("default_to_guest") is True:
            answers[field.id] = {"guests": [email]}
            continue
        chosen = as_object(answers.get(field.id)) or {}
        if any(chosen.get(kind) for kind in ("users", "assignees", "groups")):
            faults.append({field.id: [f"{field.label}: {GUESTS_ONLY}"]})
    if faults:
        raise Invalid({"prerun": faults})
    return answers


async def _launched(tx: WriteTx, wish: Wish, means: Means) -> Process:
    try:
        return (await launch_process(tx, wish, means=means))[0]
    except Invalid as refusal:
        if refusal.errors.keys() <= TOLD:
            raise
        raise WrongState(CLOSED) from refusal
