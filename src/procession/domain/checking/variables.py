"""Variables of a template that stand for nothing where they are. Spec: A-12.2, behaviour-templates 12."""

from collections.abc import Collection, Iterator

from procession.domain.automations.rules import Launch
from procession.domain.calculating.sheet import inputs
from procession.domain.checking.findings import TEMPLATE, Finding, Place, Surroundings, of_field, of_rule, of_step
from procession.domain.names import variables_in
from procession.domain.templates import Step, Template
from procession.domain.variables import NAME_SOURCES, naming_fields
from procession.domain.wording import quoted

_OF_NAMES = frozenset({"DATE", "TEMPLATE_NAME"})
_SYSTEM = _OF_NAMES | {"current-task-id", "current-process-id"}


def findings_of_variables(template: Template, around: Surroundings) -> Iterator[Finding]:
    pattern = template.default_process_name_format or ""
    yield from _in_name("The pattern of process names", TEMPLATE, pattern, template)
    yield from _optional(pattern, template)
    yield from _in_texts(template)
    yield from _of_secrets(template)
    for what, place, launch in _launches(template):
        known = around.naming_aliases.get(launch.template_id, frozenset[str]())
        name = f"The name of the process that {what} launches"
        yield from _in_name(name, place, launch.name_format or "", template, known)


def _in_name(
    what: str, place: Place, pattern: str, template: Template, known: Collection[str] = ()
) -> Iterator[Finding]:
    """Variables that names of processes cannot hold: nothing stands there. Spec: L-5.5, L-10.6, A-4.70."""
    fields = {field.alias: field for field in template.kickoff}
    for alias in variables_in(pattern):
        field = fields.get(alias)
        if alias in _OF_NAMES or alias in known or (field is not None and field.field_type in NAME_SOURCES):
            continue
        why = "is no kick-off field" if field is None else "has a type that no name can hold"
        yield Finding(
            code="unknown_variable" if field is None else "unfit_variable",
            level="medium",
            place=place,
            related=() if field is None else (of_field(field, template),),
            sentence=f"{what} holds {{{{{alias}}}}}, which {why}, so nothing stands there: take it out.",
        )


def _optional(pattern: str, template: Template) -> Iterator[Finding]:
    """Fields that the pattern of names uses although they may be blank. Spec: L-5.5, L-5.6."""
    used = variables_in(pattern)
    for field in naming_fields(template.kickoff):
        if field.alias in used and not field.required and field.field_type != "calculated":
            sentence = (
                f"The pattern of process names holds {{{{{field.alias}}}}}, which may be left blank: "
                "require it, or take it out."
            )
            related = (of_field(field, template),)
            yield Finding(code="unfit_variable", level="low", place=TEMPLATE, related=related, sentence=sentence)


def _launches(template: Template) -> Iterator[tuple[str, Place, Launch]]:
    """What launches, in words and as a place, and what is launched."""
    for step in template.steps:
        if step.follow_up is not None and not step.follow_up.tasks_within_process:
            launch = Launch(step.follow_up.template_id, step.follow_up.default_name_format)
            yield f"step {quoted(step.title)}", of_step(step), launch
    for rule in template.rules:
        for action in rule.actions if rule.is_live else ():
            if action.launch is not None:
                yield f"rule {quoted(rule.name)}", of_rule(rule), action.launch


def _in_texts(template: Template) -> Iterator[Finding]:
    """Variables that stay in their braces, or that are blank where they are shown. Spec: T-12.2, T-12.12."""
    everywhere = {field.alias for field in (*template.kickoff, *template.fields())} | _SYSTEM
    earlier = {field.alias for field in template.kickoff} | _SYSTEM
    for alias in variables_in(template.body or ""):
        if alias not in earlier:
            sentence = f"The text holds {{{{{alias}}}}}, which is no field of the document: take it out."
            yield Finding(code="unknown_variable", level="medium", place=TEMPLATE, sentence=sentence)
    for step in template.steps:
        for alias, is_known in _named_in(step, earlier).items():
            title = quoted(step.title)
            if alias not in everywhere:
                sentence = f"Step {title} holds {{{{{alias}}}}}, which is no field of the template: take it out."
                yield Finding(code="unknown_variable", level="medium", place=of_step(step), sentence=sentence)
            elif not is_known:
                sentence = (
                    f"Step {title} holds {{{{{alias}}}}}, which is answered in this step or later: "
                    "use a field of an earlier step."
                )
                yield Finding(code="late_variable", level="medium", place=of_step(step), sentence=sentence)
        earlier |= {field.alias for field in step.fields}


def _of_secrets(template: Template) -> Iterator[Finding]:
    """Answers of secret steps that other steps tell whoever sees these. Spec: T-8.11."""
    secret = {field.alias: step for step in template.steps if step.top_secret for field in step.fields}
    for step in template.steps if secret else ():
        if step.top_secret:
            continue
        calculated = {alias for field in step.fields for alias in inputs(field)}
        for alias in sorted((_named_in(step, ()).keys() | calculated) & secret.keys()):
            sentence = (
                f"Step {quoted(step.title)} tells {{{{{alias}}}}} to whoever sees it, "
                f"an answer of the secret step {quoted(secret[alias].title)}: take it out, or make both secret."
            )
            related = (of_step(secret[alias]),)
            yield Finding(code="secret_told", level="medium", place=of_step(step), related=related, sentence=sentence)


def _named_in(step: Step, earlier: Collection[str]) -> dict[str, bool]:
    """The aliases in texts and defaults, and whether each is answered by then; defaults may name fields before them in
    the same form, too (T-11.25).
    """
    found = {alias: alias in earlier for alias in variables_in(f"{step.title} {step.summary or ''}")}
    before: set[str] = set()
    for field in step.fields:
        default = field.default_value if field.default_value_enabled else None
        for alias in variables_in(default) if isinstance(default, str) else ():
            found[alias] = found.get(alias, True) and (alias in earlier or alias in before)
        before.add(field.alias)
    return found
