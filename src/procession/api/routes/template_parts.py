"""What belongs to a template: permissions, its fields at a glance, copies, publication. Spec: api-templates 2, 9, 10."""

from typing import Any

from procession.api.call import Call
from procession.api.contract.envelope import Item, Many
from procession.api.contract.steps import StepDeadlineTime
from procession.api.contract.template_fields import FormFields
from procession.api.contract.templates import Checklist, CloneBody, PermissionBody, PublicTemplate, TemplatePermission
from procession.api.lenient import read_object
from procession.api.operations import operation
from procession.api.present.template_fields import present_capture, present_prerun
from procession.api.present.template_includes import shown_lists
from procession.api.present.templates import WIRE_NAMES, present_permissions, present_public, present_template
from procession.api.routes.templates import TEMPLATE
from procession.domain.actors import NOBODY
from procession.domain.deadlines import Offset, plan_deadlines
from procession.domain.errors import Invalid, NotAllowed, NotFound
from procession.domain.loose import as_list, as_object
from procession.domain.template_permissions import Permission
from procession.domain.times import wire
from procession.storage import organizations, public_templates, template_grants, template_versions, templates
from procession.storage.tx import ReadTx, WriteTx, reading, writing
from procession.usecases import template_life
from procession.usecases.steps import deadline_of
from procession.usecases.template_access import editable, readable
from procession.usecases.template_copies import clone_template as clone
from procession.usecases.template_copies import original_of
from procession.usecases.template_permissions import PermissionList, change_permissions
from procession.usecases.templates import require_creator
