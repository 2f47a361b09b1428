"""Rules of a template. Spec: api-templates 8, behaviour-automations 1, 11."""

from collections.abc import Sequence
from itertools import chain

from msgspec.structs import replace

from procession.domain.automations.reading import in_order, read_rule
from procession.domain.automations.rules import MAX_RULES, Action, Rule, with_rule
from procession.domain.errors import Invalid, NotFound, WrongState
from procession.domain.events import happened
from procession.domain.guests import MEMBERS_ADDRESS
from procession.domain.loose import as_int, as_list, as_object
from procession.domain.processes import Owners
from procession.domain.templates import Template, TemplateRow
from procession.storage import people, references
from procession.storage.tx import WriteTx
from procession.usecases import template_checks as checks
from procession.usecases.launch_targets import check_launch, target_of
from procession.usecases.template_access import save_document, told_changes

NOBODY = Owners()


def find_rule(template: Template, rule_id: str) -> Rule:
    """Raises NotFound."""
    rule = template.rule(rule_id)
    if rule is None:
        raise NotFound
    return rule


async def add_rule(tx: WriteTx, row: TemplateRow, sent: object) -> tuple[TemplateRow, Rule]:
    """A new rule, the last one unless it names a position. Raises Invalid, WrongState. Spec: A-1.2, A-1.4."""
    checks.require_steps(row)
    require_room(len(row.document.rules) + 1)
    rule = await _checked(tx, row, sent, None)
    saved = await _save(tx, row, rule, _position(sent))
    changes = await told_changes(tx, row.document, saved.document)
    tx.record(happened("rule.created", rule.id, template=row.id, name=rule.name, changes=changes))
    return saved, rule


async def update_rule(tx: WriteTx, row: TemplateRow, rule_id: str, sent: object) -> tuple[TemplateRow, Rule]:
    """The whole rule is replaced; what comes with its id is kept. Raises NotFound, Invalid. Spec: A-1.7."""
    before = find_rule(row.document, rule_id)
    rule = await _checked(tx, row, sent, before)
    saved = await _save(tx, row, rule, _position(sent))
    if saved == row:
        return row, before
    changes = await told_changes(tx, row.document, saved.document)
    tx.record(happened("rule.updated", rule.id, template=row.id, name=rule.name, changes=changes))
    return saved, rule


async def delete_rule(tx: WriteTx, row: TemplateRow, rule_id: str) -> None:
    """Raises NotFound. Running processes keep theirs. Spec: A-1.5, A-5.19."""
    rule = find_rule(row.document, rule_id)
    rest = tuple(each for each in row.document.rules if each.id != rule_id)
    saved = await save_document(tx, row, replace(row.document, rules=rest))
    changes = await told_changes(tx, row.document, saved.document)
    tx.record(happened("rule.deleted", rule_id, template=row.id, name=rule.name, changes=changes))


def require_room(rules: int) -> None:
    if rules > MAX_RULES:
        raise WrongState(f"A template may not have more than {MAX_RULES} rules.")


def _position(sent: object) -> int | None:
    """The place a rule asks for, from 1. Raises Invalid. Ours: no client shows how rules are put in order."""
    given = (as_object(sent) or {}).get("position")
    if given in (None, ""):
        return None
    position = as_int(given)
    if position is None or position < 1:
        raise Invalid({"position": ["The position must be an integer of at least 1."]})
    return position


async def _save(tx: WriteTx, row: TemplateRow, rule: Rule, position: int | None) -> TemplateRow:
    rules = with_rule(row.document.rules, rule, position)
    return await save_document(tx, row, replace(row.document, rules=rules))


async def _checked(tx: WriteTx, row: TemplateRow, sent: object, existing: Rule | None) -> Rule:
    """The rule as it will be kept; raises Invalid with every fault of shape, references and people."""
    rule = read_rule(sent, row.document, new_id=tx.new_id, now=tx.now, existing=existing)
    errors: checks.Errors = {}
    kept = {action.id: action.assignees for action in existing.actions} if existing is not None else {}
    former_launches = {action.id: action.launch for action in existing.actions} if existing is not None else {}
    members: list[tuple[str, int]] = []
    groups: list[tuple[str, str]] = []
    guests: list[tuple[str, str]] = []
    places = in_order(as_list((as_object(sent) or {}).get("then_actions")) or [])
    for place, action in zip(places, rule.actions, strict=True):
        path, former = f"then_actions.{place}", kept.get(action.id, NOBODY)
        checks.check_urls({f"{path}.webhook_url": action.webhook_url}, [f"{path}.webhook_url"], errors)
        if action.launch is not None and action.launch != former_launches.get(action.id):
            await check_launch(tx, f"{path}.launch", action.launch, row.document, errors)
        named = action.assignees
        members += [e for e in checks.indexed(f"{path}.assignees.users", named.users) if e[1] not in former.users]
        groups += [e for e in checks.indexed(f"{path}.assignees.groups", named.groups) if e[1] not in former.groups]
        guests += [e for e in checks.indexed(f"{path}.assignees.guests", named.guests) if e[1] not in former.guests]
    await checks.check_people(tx, errors, members, groups)
    taken = await references.member_addresses(tx, [address for _, address in guests])
    errors |= {path: [MEMBERS_ADDRESS] for path, address in guests if address in taken}
    if errors:
        raise Invalid(errors)
    return rule


async def without_strangers(tx: WriteTx, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Imported rules without the people and templates that are not here; what is left of an action acts, or does
    nothing (A-4.30).
    """
    named = [action.assignees for action in chain.from_iterable(rule.actions for rule in rules)]
    known = await people.assignable(
        tx, [user for each in named for user in each.users], [group for each in named for group in each.groups]
    )
    taken = await references.member_addresses(tx, [guest for each in named for guest in each.guests])

    def at_home(action: Action) -> Action:
        owners = action.assignees
        return replace(
            action,
            assignees=Owners(
                tuple(each for each in owners.users if each in known.members),
                tuple(each for each in owners.guests if each not in taken),
                tuple(each for each in owners.groups if each in known.groups),
            ),
        )

    launched = [action.launch.template_id for rule in rules for action in rule.actions if action.launch is not None]
    there = {each for each in set(launched) if (await target_of(tx, each))[0] is not None}

    def stays(action: Action) -> bool:
        return action.launch is None or action.launch.template_id in there

    return tuple(
        replace(rule, actions=tuple(at_home(action) for action in rule.actions if stays(action))) for rule in rules
    )
