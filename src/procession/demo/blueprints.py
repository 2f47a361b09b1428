"""The demo's templates, as data: kick-off forms and steps with fields of every type."""

from typing import Any, Literal

import msgspec

from procession.domain.calendar import Unit
from procession.domain.deadlines import Direction
from procession.domain.processes import TaskType
from procession.seed.words import Topic

Form = list[dict[str, Any]]


class Due(msgspec.Struct, frozen=True):
    """So long after the launch, after another step's completion, or before another step's deadline."""

    value: int
    unit: Unit
    of: str | None = None
    option: Direction = "from"


class StepPlan(msgspec.Struct, frozen=True, kw_only=True):
    """`who`: keys of people and guests, "group:<key>", "role:<job title>"."""

    key: str
    title: str
    who: tuple[str, ...]
    due: Due
    stage: str
    summary: str | None = None
    kind: TaskType = "task"
    fields: Form = []
    switches: dict[str, Any] = {}


class Blueprint(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    title: str
    summary: str
    owner: str
    folder: str
    tags: tuple[str, ...]
    # What bulk processes are called.
    prefix: str
    topic: Topic
    process_name: str
    process_folder: str
    readers: Literal["everyone", "people", "finance"]
    kickoff: Form
    steps: tuple[StepPlan, ...]


def field(kind: str, label: str, *, required: bool = False, **more: Any) -> dict[str, Any]:
    return {"field_type": kind, "label": label, "required": required, **more}


def choice(kind: str, label: str, *texts: str, required: bool = False, **more: Any) -> dict[str, Any]:
    options = [{"id": number, "text": text} for number, text in enumerate(texts, 1)]
    return field(kind, label, required=required, options=options, **more)


def table(label: str, *columns: str) -> dict[str, Any]:
    return field("table", label, columns=[{"id": number, "label": text} for number, text in enumerate(columns, 1)])


EMPLOYEE = Blueprint(
    key="employee",
    title="Employee onboarding",
    summary="From the signed contract to the first month.",
    owner="tomas",
    folder="people",
    tags=("remote",),
    prefix="Onboard",
    topic="person",
    process_name="Onboard {{new-hire-1}}",
    process_folder="hiring",
    readers="people",
    kickoff=[
        field("text", "New hire", required=True, guidance="First and last name"),
        field("date", "First day", required=True),
        choice("dropdown", "Department", "Front desk", "Kitchen", "Housekeeping", "Finance", required=True),
        choice("radio", "Works", "On site", "Remotely", "Both"),
        choice("multiselect", "Equipment", "Laptop", "Phone", "Headset", "Uniform", "Master key"),
        field("email", "Personal e-mail"),
        field("assignees_form", "Buddy"),
        field("textarea", "Anything to know"),
        field("file", "Application"),
        table("Earlier employers", "Company", "From", "To"),
    ],
    steps=(
        StepPlan(
            key="contract",
            title="Prepare the contract",
            who=("group:people",),
            due=Due(2, "days"),
            stage="Before day one",
            fields=[field("file", "Contract"), field("date", "Signed on", required=True)],
        ),
        StepPlan(
            key="salary",
            title="Approve the salary",
            who=("maya",),
            due=Due(3, "days"),
            stage="Before day one",
            kind="approval",
            fields=[field("text", "Salary a month", field_validation=["numeric", "min:1"])],
            switches={"top_secret": True},
        ),
        StepPlan(
            key="equipment",
            title="Order the equipment",
            who=("ellie",),
            due=Due(1, "days", "contract"),
            stage="Before day one",
            fields=[table("Orders", "Item", "Supplier", "Price")],
        ),
        StepPlan(
            key="accounts",
            title="Create the accounts",
            who=("jonas",),
            due=Due(2, "days", "contract"),
            stage="Before day one",
            fields=[
                choice("radio", "Access", "Guest systems only", "Office", "Everything", required=True),
                choice("multiselect", "Done", "Mail", "Calendar", "Door system", settings={"must_all_checked": True}),
            ],
        ),
        StepPlan(
            key="plan",
            title="Plan the first week",
            who=("tomas",),
            due=Due(2, "days", "welcome", "prior_to"),
            stage="Before day one",
            fields=[field("textarea", "Plan")],
        ),
        StepPlan(
            key="welcome",
            title="Welcome on the first day",
            who=("tomas", "jonas"),
            due=Due(10, "days"),
            stage="First day",
            summary="Breakfast with the team, then a walk through the house.",
            switches={"everyone_must_complete": True},
        ),
        StepPlan(
            key="rules",
            title="Read the house rules",
            who=("ellie",),
            due=Due(1, "days", "welcome"),
            stage="First day",
            kind="expiring",
        ),
        StepPlan(
            key="feedback",
            title="Talk after the first month",
            who=("tomas",),
            due=Due(30, "days"),
            stage="First month",
            fields=[choice("dropdown", "Stays", "Yes", "Not sure", "No"), field("textarea", "What to change")],
        ),
    ),
)

VENDOR = Blueprint(
    key="vendor",
    title="Vendor approval",
    summary="Nobody is paid before these checks.",
    owner="priya",
    folder="money",
    tags=("audit",),
    prefix="Approve",
    topic="supplier",
    process_name="Approve {{vendor-1}}",
    process_folder="suppliers",
    readers="everyone",
    kickoff=[
        field("text", "Vendor", required=True),
        choice("dropdown", "Category", "Food", "Laundry", "Repairs", "Software", "Transport", required=True),
        field("text", "Spend a year", prefix="GBP", field_validation=["numeric", "min:0"]),
        field("email", "Contact", required=True),
        choice("radio", "Known to us", "Yes", "No"),
    ],
    steps=(
        StepPlan(
            key="documents",
            title="Send your documents",
            who=("sam",),
            due=Due(4, "days"),
            stage="Documents",
            summary="Please add your registration and tell us where invoices come from.",
            fields=[field("file", "Registration"), field("text", "Tax number"), field("email", "Invoices come from")],
        ),
        StepPlan(
            key="check",
            title="Check the documents",
            who=("group:finance",),
            due=Due(2, "days", "documents"),
            stage="Checks",
        ),
        StepPlan(
            key="risk",
            title="Rate the risk",
            who=("priya",),
            due=Due(2, "days", "check"),
            stage="Checks",
            fields=[
                choice("radio", "Risk", "Low", "Medium", "High", required=True),
                field("textarea", "Why", use_wysiwyg_editor=False),
            ],
            switches={"can_complete_only_assignees": True},
        ),
        StepPlan(
            key="approve",
            title="Approve the vendor",
            who=("maya",),
            due=Due(12, "days"),
            stage="Decision",
            kind="approval",
        ),
        StepPlan(
            key="enter",
            title="Enter the vendor in the books",
            who=("priya",),
            due=Due(1, "days", "approve"),
            stage="Decision",
            fields=[
                field("text", "Account", field_validation=["numeric"]),
                field("date", "Valid from"),
                field("number", "Days to pay", minimum=0, decimals=0, unit="days"),
                field("currency", "Credit limit", currency="GBP", minimum=0),
                field("calculated", "Limit a day", expression="{{credit-limit-1}} / {{days-to-pay-1}}", currency="GBP"),
            ],
        ),
        StepPlan(
            key="tell",
            title="Tell whoever asked",
            who=(),
            due=Due(20, "days"),
            stage="Decision",
        ),
    ),
)

CUSTOMER = Blueprint(
    key="customer",
    title="Customer onboarding",
    summary="From the first call to the first booking.",
    owner="jonas",
    folder="people",
    tags=("key account", "pilot"),
    prefix="Welcome",
    topic="supplier",
    process_name="Welcome {{customer-1}}",
    process_folder="customers",
    readers="everyone",
    kickoff=[
        field("text", "Customer", required=True),
        choice("dropdown", "Plan", "Weekends", "Seasons", "All year", required=True),
        field("date", "First booking"),
        choice("multiselect", "Wants", "Meeting rooms", "Transfers", "Catering", "Boat trips"),
    ],
    steps=(
        StepPlan(
            key="mail",
            title="Send the welcome letter",
            who=("role:Account manager",),
            due=Due(1, "days"),
            stage="Start",
            kind="email",
        ),
        StepPlan(
            key="meeting",
            title="Meet the customer",
            who=("jonas", "ellie"),
            due=Due(5, "days"),
            stage="Start",
            switches={"everyone_must_complete": True},
            fields=[field("date", "Met on", collect_time=True), field("textarea", "Notes")],
        ),
        StepPlan(
            key="data",
            title="Tell us who travels",
            who=("lucia",),
            due=Due(5, "days", "meeting"),
            stage="Set-up",
            fields=[table("Travellers", "Name", "E-mail"), field("file", "Logo")],
        ),
        StepPlan(
            key="account",
            title="Set up the account",
            who=("jonas",),
            due=Due(4, "days", "data"),
            stage="Set-up",
            fields=[field("assignees_form", "Who looks after it"), field("text", "Account name", required=True)],
        ),
        StepPlan(
            key="train",
            title="Show how booking works",
            who=("role:Account manager",),
            due=Due(6, "days", "account"),
            stage="Set-up",
        ),
        StepPlan(
            key="approve",
            title="Approve the first booking",
            who=("maya",),
            due=Due(2, "days", "live", "prior_to"),
            stage="Live",
            kind="approval",
        ),
        StepPlan(
            key="live",
            title="Welcome the first guests",
            who=("group:people",),
            due=Due(30, "days"),
            stage="Live",
            fields=[choice("dropdown", "Went", "Well", "Mostly well", "Badly"), field("email", "Send thanks to")],
        ),
    ),
)

CLOSE = Blueprint(
    key="close",
    title="Monthly close",
    summary="The books of one house for one month.",
    owner="priya",
    folder="money",
    tags=("audit", "renewal"),
    prefix="Close",
    topic="month",
    process_name="Close {{month-1}} in {{house-1}}",
    process_folder="closings",
    readers="finance",
    kickoff=[
        field("text", "Month", required=True),
        choice("dropdown", "House", "Harbourside", "Fernhill", "Lighthouse", required=True),
        field("date", "Last day of the month"),
    ],
    steps=(
        StepPlan(
            key="bank",
            title="Compare the bank accounts",
            who=("group:finance",),
            due=Due(2, "days"),
            stage="Collect",
            fields=[table("Differences", "Account", "Amount", "Reason")],
        ),
        StepPlan(
            key="invoices",
            title="Match the open invoices",
            who=("priya",),
            due=Due(3, "days"),
            stage="Collect",
            fields=[field("text", "Open", required=True, suffix="GBP", field_validation=["numeric", "min:0"])],
        ),
        StepPlan(
            key="stock",
            title="Count the stock",
            who=("ellie",),
            due=Due(3, "days"),
            stage="Collect",
            fields=[field("file", "Count sheet"), choice("radio", "Complete", "Yes", "No")],
        ),
        StepPlan(
            key="accruals",
            title="Post what is still to come",
            who=("priya",),
            due=Due(1, "days", "invoices"),
            stage="Post",
        ),
        StepPlan(
            key="review",
            title="Second pair of eyes",
            who=("maya",),
            due=Due(2, "days", "accruals"),
            stage="Post",
            kind="approval",
        ),
        StepPlan(
            key="report",
            title="Report the result",
            who=("priya", "maya"),
            due=Due(8, "days"),
            stage="Report",
            fields=[field("file", "Report"), field("textarea", "In one sentence")],
        ),
    ),
)

BLUEPRINTS = (EMPLOYEE, VENDOR, CUSTOMER, CLOSE)
