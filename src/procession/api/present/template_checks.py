"""What a check of a template found. Spec: api-templates 8.7."""

from procession.api.contract.template_checks import CheckedPlace, CheckFinding, TemplateCheck
from procession.domain.checking.check import Checked
from procession.domain.checking.findings import Place


def present_check(checked: Checked) -> TemplateCheck:
    return TemplateCheck(
        findings=[
            CheckFinding(
                each.code, each.level, _place(each.place), [_place(other) for other in each.related], each.sentence
            )
            for each in checked.findings
        ],
        is_complete=checked.is_complete,
    )


def _place(place: Place) -> CheckedPlace:
    return CheckedPlace(place.type, place.id, place.name)
