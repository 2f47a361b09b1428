"""The check of a template: everything found, the worst first. It never changes or forbids anything. Spec: A-12.2."""

from itertools import chain, islice

import msgspec

from procession.domain.checking.findings import Finding, Level, Surroundings
from procession.domain.checking.reaching import Reach
from procession.domain.checking.rules import findings_of_rules
from procession.domain.checking.steps import findings_of_steps
from procession.domain.templates import Template

MOST_FINDINGS = 1_000
ORDER: tuple[Level, ...] = ("high", "medium", "low", "info")


class Checked(msgspec.Struct, frozen=True):
    """`is_complete` is False when there are too many findings, or when of some rules it cannot be told whether they
    can hold.
    """

    findings: tuple[Finding, ...]
    is_complete: bool


def check(template: Template, around: Surroundings) -> Checked:
    reach = Reach(template, around)
    found = list(islice(chain(findings_of_steps(reach, around), findings_of_rules(reach, around)), MOST_FINDINGS))
    in_order = sorted(found, key=lambda each: ORDER.index(each.level))
    is_complete = reach.world.is_certain and not reach.effort.is_used_up and len(found) < MOST_FINDINGS
    return Checked(tuple(in_order), is_complete)
