"""Organizations on the wire. Spec: api-people 3."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from procession.api.params import PageParams
from procession.domain.closings import HolidayCalendar
from procession.domain.organizations import ArchiveAfter, DefaultDeadline

WorkingDays = Annotated[
    dict[str, Any],
    Meta(description="Monday to Sunday, each `{working, all_hours, start, end}` with times as HH:MM."),
]


class ClosureDays(msgspec.Struct):
    """The organization is closed from one day to another, both included (YYYY-MM-DD)."""

    name: str
    starts_on: str
    ends_on: str


class Organization(msgspec.Struct):
    """An organization as one of its members sees it. What concerns payment is fixed and neutral."""

    id: str
    name: str
    slug: str
    industry: str | None
    description: str | None
    purpose: str | None
    process_today: str | None
    org_logo: str | None
    home_bg: str | None
    welcome_title: str | None
    welcome_description: str | None
    address1: str | None
    address2: str | None
    address3: str | None
    country: str | None
    state: str | None
    city: str | None
    zipcode: str | None
    created_on: str
    created_at: str
    last_updated: str
    timezone: str
    users_count: Annotated[int, Meta(description="Active members, without bots.")]
    team_size: list[int]
    maximum_group_assignment_limit: Annotated[int, Meta(description="0: no limit.")]

    working_days: WorkingDays
    holiday_calendar: HolidayCalendar | None
    closures: list[ClosureDays]
    deadline_setting: str | None
    default_deadline: DefaultDeadline
    cadence_days: list[str]
    guest_cadence_days: list[str]

    auto_archive: bool
    auto_archive_processes_after: ArchiveAfter
    auto_complete_tasks: bool
    auto_complete_task_months: int

    allow_user_invite: bool
    allow_manage_groups: bool
    restrict_blueprint_permissions: bool
    auto_join_signups: bool
    allow_template_creation: bool
    allow_archive: bool
    label_needs_edit: bool
    guest_only_assignment: bool
    automation_fire_once: bool | None

    wyiwyg: bool
    webhook_date_field_format: str
    homepage_snippet: str | None
    onboarding_snippet: str | None
    guest_onboarding_snippet: str | None
    light_role_error_snippet: str | None
    global_css: str | None
    error_404_template: str | None
    enable_custom_404_error: bool
    onboarding_template_id: str | None
    enable_onboarding_template: bool
    use_generative_ai: bool

    saml_enabled: bool
    saml_login_url: str | None
    sso_default_role: str | None
    enable_custom_smtp: bool

    live_support_enabled: int
    payment_state: str | None
    in_trial: bool
    limit_trial_features: bool
    real_time_billing: bool
    preferred_trial_plan: str | None
    plan_code: str | None
    signup_survey: str | None
    analytics_enabled: bool
    google_analytics_id: str | None
    mixpanel_token: str | None
    azure_cognitive_service: str | None
    disable_min_members_billing: bool
    enable_light_users_billing: bool
    settings: dict[str, Any] | None

    user_role: str
    user_status: str
    joined_on: str
    disabled_on: str | None
    last_accessed: str | None


class OrganizationParams(PageParams, frozen=True, kw_only=True):
    pass


class OrganizationListParams(PageParams, frozen=True, kw_only=True):
    pass


class NewOrganization(msgspec.Struct):
    """A new organization; its time zone is the caller's unless it is given."""

    name: str
    timezone: str | None = None


class SettingsChange(msgspec.Struct, kw_only=True):
    """What is not mentioned stays; an empty text becomes null."""

    timezone: str | UnsetType = UNSET
    working_days: dict[str, Any] | UnsetType = UNSET
    holiday_calendar: Annotated[
        HolidayCalendar | UnsetType | None,
        Meta(description="Whose public holidays are not worked: a country by its ISO code, and one of its parts."),
    ] = UNSET
    closures: Annotated[
        list[ClosureDays] | UnsetType,
        Meta(description="Other days on which nobody works; the list replaces the former one."),
    ] = UNSET
    deadline_setting: str | UnsetType | None = UNSET
    default_deadline: DefaultDeadline | UnsetType = UNSET
    cadence_days: list[str] | UnsetType = UNSET
    guest_cadence_days: list[str] | UnsetType = UNSET

    auto_archive: bool | UnsetType = UNSET
    auto_archive_processes_after: ArchiveAfter | UnsetType = UNSET
    auto_complete_tasks: bool | UnsetType = UNSET
    auto_complete_task_months: int | UnsetType = UNSET

    allow_user_invite: bool | UnsetType = UNSET
    allow_manage_groups: bool | UnsetType = UNSET
    restrict_blueprint_permissions: bool | UnsetType = UNSET
    auto_join_signups: bool | UnsetType = UNSET
    allow_template_creation: bool | UnsetType = UNSET
    allow_archive: bool | UnsetType = UNSET
    label_needs_edit: bool | UnsetType = UNSET
    guest_only_assignment: bool | UnsetType = UNSET
    automation_fire_once: bool | UnsetType | None = UNSET
    maximum_group_assignment_limit: int | UnsetType = UNSET

    wyiwyg: bool | UnsetType = UNSET
    webhook_date_field_format: str | UnsetType = UNSET
    use_generative_ai: bool | UnsetType = UNSET
    enable_custom_404_error: bool | UnsetType = UNSET
    enable_onboarding_template: bool | UnsetType = UNSET
    onboarding_template_id: str | UnsetType | None = UNSET

    welcome_title: str | UnsetType | None = UNSET
    welcome_description: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    industry: str | UnsetType | None = UNSET
    purpose: str | UnsetType | None = UNSET
    process_today: str | UnsetType | None = UNSET
    address1: str | UnsetType | None = UNSET
    address2: str | UnsetType | None = UNSET
    address3: str | UnsetType | None = UNSET
    country: str | UnsetType | None = UNSET
    state: str | UnsetType | None = UNSET
    city: str | UnsetType | None = UNSET
    zipcode: str | UnsetType | None = UNSET
    homepage_snippet: str | UnsetType | None = UNSET
    onboarding_snippet: str | UnsetType | None = UNSET
    guest_onboarding_snippet: str | UnsetType | None = UNSET
    light_role_error_snippet: str | UnsetType | None = UNSET
    global_css: str | UnsetType | None = UNSET
    error_404_template: str | UnsetType | None = UNSET

    def settings(self) -> dict[str, Any]:
        """The settings mentioned; the name is not one."""
        given = {name: getattr(self, name) for name in SettingsChange.__struct_fields__}
        return {name: value for name, value in given.items() if value is not UNSET}


class OrganizationBody(SettingsChange, kw_only=True):
    """A change by PUT says the name every time. Spec: api-people 3."""

    name: str


class OrganizationChange(SettingsChange, kw_only=True):
    name: str | UnsetType = UNSET
