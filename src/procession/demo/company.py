"""The demo's organization: who works there, with whom, and how things are sorted. Nobody and nothing real."""

import msgspec

from procession.domain.actors import Role

ORGANIZATION = "Fern & Harbour"
DOMAIN = "fernharbour.example"
TIMEZONE = "Europe/London"
HOURS = {"working": True, "all_hours": False, "start": "07:00", "end": "20:00"}
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SETTINGS = {
    "timezone": TIMEZONE,
    "working_days": dict.fromkeys(DAYS, HOURS),
    "industry": "Hospitality",
    "description": "Small hotels by the sea.",
    "country": "GB",
    "city": "Harbourside",
}


class Person(msgspec.Struct, frozen=True):
    key: str
    first_name: str
    last_name: str
    role: Role
    job_title: str

    @property
    def email(self) -> str:
        return f"{self.key}@{DOMAIN}"


class Outsider(msgspec.Struct, frozen=True):
    key: str
    first_name: str
    last_name: str
    email: str
    company_name: str


PEOPLE = (
    Person("maya", "Maya", "Lindgren", "admin", "Head of operations"),
    Person("tomas", "Tomás", "Ferreira", "standard", "People manager"),
    Person("priya", "Priya", "Raman", "standard", "Finance lead"),
    Person("jonas", "Jonas", "Beck", "standard", "Customer care lead"),
    Person("ellie", "Ellie", "Novak", "light", "Facility coordinator"),
)
OUTSIDERS = (
    Outsider("sam", "Sam", "Whitfield", "sam.whitfield@alderfreight.example", "Alder Freight"),
    Outsider("lucia", "Lucia", "Moretti", "lucia.moretti@larkandpine.example", "Lark & Pine Travel"),
)
GROUPS = {"people": ("People team", ("tomas", "ellie")), "finance": ("Finance", ("priya", "maya"))}
JOB_TITLES = {"Account manager": ("jonas", "tomas")}
TAGS = {
    "urgent": "#d64545",
    "remote": "#2f9e6e",
    "key account": "#3b6fd4",
    "renewal": "#8a8f2a",
    "audit": "#9b3f6f",
    "pilot": "#c77d1a",
}
# Key, name, key of the parent.
TEMPLATE_FOLDERS = (("people", "People and customers", None), ("money", "Money", None))
PROCESS_FOLDERS = (
    ("hiring", "Hiring", None),
    ("suppliers", "Suppliers", None),
    ("customers", "Customers", None),
    ("key", "Key accounts", "customers"),
    ("closings", "Closings", None),
)
