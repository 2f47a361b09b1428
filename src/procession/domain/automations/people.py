"""Whom an assignment action gives a task to, or takes it from. Spec: behaviour-automations 4.2."""

from collections.abc import Iterable

from procession.domain.assignees import head_count, merged, with_accountable_member
from procession.domain.automations.rules import WITH_PEOPLE, Action, Rule
from procession.domain.automations.state import People, View
from procession.domain.emails import is_email
from procession.domain.fields import Field
from procession.domain.loose import as_int, as_list, as_object
from procession.domain.people import is_bot_email
from procession.domain.processes import Owners, Process, Task
from procession.domain.templates import Template

NOBODY = Owners()


def gives_work(rules: Iterable[Rule]) -> bool:
    """Whether any of these rules needs to know who is there."""
    return any(action.type == "assignment" for rule in rules for action in rule.actions)


def fixed_members(rules: Iterable[Rule]) -> frozenset[int]:
    """The members that the rules name themselves."""
    return frozenset(user for rule in rules for action in rule.actions for user in action.assignees.users)


def named_people(template: Template, process: Process) -> Owners:
    """Everybody the rules may give work to, as written: fixed people, and those that answers name.

    An address that an answer names is among the guests, whoever it belongs to.
    """
    found = Owners(users=(process.starter,))
    answers = dict(process.prerun)
    for task in process.tasks:
        answers |= task.taskdata
        found = merged(found, task.owners)
    fields = {field.id: field for field in (*template.kickoff, *template.fields())}
    for rule in template.rules:
        for action in rule.actions:
            found = merged(found, action.assignees)
            field = fields.get(action.source_id or "")
            if field is not None and action.verb in WITH_PEOPLE:
                found = merged(found, _people_in(field, answers.get(field.id)))
    return found


def _people_in(field: Field, value: object) -> Owners:
    """The people an answer names: a picker's, or the one address of a text. Spec: A-4.30."""
    chosen = as_object(value)
    if field.field_type == "assignees_form" and chosen is not None:
        users = [number for entry in as_list(chosen.get("users")) or [] if (number := as_int(entry)) is not None]
        guests = [str(entry).lower() for entry in as_list(chosen.get("guests")) or []]
        return Owners(tuple(users), tuple(guests), tuple(str(each) for each in as_list(chosen.get("groups")) or []))
    if field.field_type in ("text", "email") and isinstance(value, str) and is_email(value.strip()):
        return Owners(guests=(value.strip().lower(),))
    return NOBODY


def people_of(action: Action, view: View) -> Owners:
    """Whom the action names now: the source field's people, the fixed ones when it is blank.

    Addresses of members are the members. Who has left is left out, but for taking work away. Spec: A-4.30, A-4.36.
    """
    named = _from_source(action, view)
    if named.is_empty:
        named = action.assignees
    people = view.scene.people
    named = _members_by_address(named, people)
    if action.verb == "unassign":
        return named
    return Owners(
        tuple(each for each in named.users if each in people.members),
        tuple(each for each in named.guests if not is_bot_email(each)),
        tuple(each for each in named.groups if each in people.groups),
    )


def _members_by_address(named: Owners, people: People) -> Owners:
    members = [people.by_address[each] for each in named.guests if each in people.by_address]
    guests = tuple(each for each in named.guests if each not in people.by_address)
    return merged(Owners(named.users, guests, named.groups), Owners(users=tuple(members)))


def given_back(former: Owners, view: View) -> Owners:
    """Who gets a task back that was theirs. Spec: A-9.4."""
    return _accompanied(there_now(former, view), former, view)


def there_now(former: Owners, view: View) -> Owners:
    """Those assignees as they are by now: no group and no guest who has gone, a guest who is a member as one.

    Members who were disabled keep what is theirs. Spec: behaviour-people GR1.
    """
    people = view.scene.people
    found = _members_by_address(former, people)
    guests = tuple(each for each in found.guests if each in people.guests)
    groups = tuple(each for each in found.groups if each in people.groups)
    return Owners(found.users, guests, groups)


def _from_source(action: Action, view: View) -> Owners:
    if action.source == "Prerun":
        field = view.kickoff.get(action.source_id or "")
        return NOBODY if field is None else _people_in(field, view.answer(field, view.process.prerun))
    known = view.fields.get(action.source_id or "")
    task = view.task_of(known[1]) if known is not None else None
    if action.source != "Capture" or known is None or task is None:
        return NOBODY
    return _people_in(known[0], view.answer(known[0], task.taskdata))


def reassigned(action: Action, task: Task, view: View) -> Owners | None:
    """The assignees after the action; None when it names nobody it could act with. Spec: A-4.32 to A-4.34."""
    if action.verb == "clear_assignees":
        return NOBODY
    named, before = people_of(action, view), task.owners
    if not task.allow_guest_owners and action.verb != "unassign":
        named = Owners(named.users, (), named.groups)
    if named.is_empty:
        return None
    if action.verb == "unassign":
        after = Owners(
            tuple(each for each in before.users if each not in named.users),
            tuple(each for each in before.guests if each not in named.guests),
            tuple(each for each in before.groups if each not in named.groups),
        )
    else:
        after = named if action.verb == "assign_only" else merged(before, named)
    return _accompanied(after, before, view)


def _accompanied(after: Owners, before: Owners, view: View) -> Owners:
    """Guests are not left alone: a member who was there stays, else the launcher joins them. Spec: A-4.34."""
    stand_ins = [each for each in (*before.users, view.process.starter) if each in view.scene.people.members]
    if not stand_ins:
        return after
    return with_accountable_member(after, stand_ins[0], guest_only=view.scene.guest_only)


def is_too_many(task: Task, owners: Owners, view: View) -> bool:
    """Whether the step allows fewer people. Spec: A-4.36."""
    return bool(task.max_assignable) and head_count(owners, view.scene.people.people_of_groups) > task.max_assignable
