"""What seeded organizations, people and processes are called. Nobody and nothing real."""

from typing import Literal

import msgspec

ORGANIZATIONS = (
    "Fernhill Works", "Larkspur Clinics", "Brightwater Foods", "Copperline Logistics", "Maple & Moor",
    "Tidewell Energy", "Stonebridge Housing", "Juniper Schools", "Northgate Print", "Willowmere Care",
    "Redkite Aviation", "Harbour & Finch", "Silverbirch Labs", "Meadowlark Travel", "Ironwood Tools",
    "Bluefern Media", "Cloverfield Dairy", "Pinecrest Hotels", "Saltmarsh Fisheries", "Emberglow Ceramics",
)  # fmt: skip
FIRST_NAMES = (
    "Ada", "Amir", "Anouk", "Asta", "Bela", "Bruno", "Carla", "Chidi", "Dara", "Davor", "Edda", "Elio", "Emre",
    "Esme", "Farid", "Fiona", "Gil", "Greta", "Hana", "Hugo", "Ines", "Iris", "Ivo", "Jana", "Jonas", "Kaya", "Kofi",
    "Lena", "Leo", "Lior", "Maja", "Malik", "Mira", "Nadia", "Nils", "Noor", "Oda", "Omar", "Otto", "Paola", "Pavel",
    "Quinn", "Rana", "Remy", "Rosa", "Sanjay", "Selma", "Silas", "Tara", "Theo", "Uma", "Vera", "Viktor", "Wanda",
    "Yara", "Zoë",
)  # fmt: skip
LAST_NAMES = (
    "Abara", "Adler", "Almeida", "Arden", "Bakker", "Banerjee", "Birch", "Brandt", "Calder", "Castell", "Dahl",
    "Demir", "Dorsey", "Eklund", "Esposito", "Falk", "Farrow", "Feld", "Galindo", "Greaves", "Haddad", "Halloran",
    "Holm", "Ibarra", "Iversen", "Jansen", "Joshi", "Kaplan", "Keller", "Kovac", "Lachance", "Lindqvist", "Lowell",
    "Marchetti", "Mbeki", "Moreau", "Nakata", "Novak", "Okoye", "Olsen", "Orlov", "Pereira", "Petrov", "Quist",
    "Ramsey", "Rossi", "Sadler", "Santos", "Soto", "Tanaka", "Thorne", "Ueda", "Vance", "Varga", "Weiss", "Wren",
    "Yilmaz", "Zeller", "Müller", "Brûlé",
)  # fmt: skip
SUPPLIER_NAMES = (
    "Alder", "Beacon", "Cascade", "Delta", "Elm", "Fairway", "Glacier", "Hazel", "Indigo", "Jade", "Kestrel",
    "Linden", "Mistral", "Nimbus", "Orchard", "Pebble", "Quarry", "Raven", "Summit", "Thistle", "Umber", "Vale",
    "Windmill", "Zephyr",
)  # fmt: skip
SUPPLIER_KINDS = (
    "Supplies", "Packaging", "Freight", "Software", "Catering", "Textiles", "Consulting", "Metals", "Paper",
)  # fmt: skip
TOWNS = ("Ashford", "Brackley", "Corwen", "Dunmore", "Elstow", "Fenwick", "Girton", "Holmfirth", "Ilkley", "Kelso")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip

Topic = Literal["person", "supplier", "town", "month"]


class Theme(msgspec.Struct, frozen=True):
    """What a template is about: its title, how its processes' names begin and what they are about."""

    title: str
    prefix: str
    topic: Topic


THEMES = (
    Theme("Employee onboarding", "Onboard", "person"),
    Theme("Vendor approval", "Approve", "supplier"),
    Theme("Customer onboarding", "Welcome", "supplier"),
    Theme("Monthly close", "Close", "month"),
    Theme("Purchase request", "Buy from", "supplier"),
    Theme("Site inspection", "Inspect", "town"),
    Theme("Employee leaving", "Farewell", "person"),
    Theme("Contract renewal", "Renew", "supplier"),
    Theme("Incident review", "Review incident at", "town"),
    Theme("Training plan", "Train", "person"),
)
STEP_TITLES = (
    "Collect the documents", "Check for completeness", "Agree on the date", "Prepare the account", "Ask for approval",
    "Send the agreement", "Order the equipment", "Confirm the budget", "Set up access", "Introduce the team",
    "Review the risks", "Call the contact", "File the paperwork", "Plan the first week", "Record the figures",
    "Compare the offers", "Book the room", "Update the register", "Inform the neighbours", "Close the file",
)  # fmt: skip
STAGES = ("Preparation", "Work", "Completion")
TAGS = (
    ("urgent", "#d64545"), ("finance", "#1f7a8c"), ("legal", "#6b4fbb"), ("remote", "#2f9e6e"),
    ("on site", "#c77d1a"), ("new customer", "#3b6fd4"), ("renewal", "#8a8f2a"), ("audit", "#9b3f6f"),
    ("pilot", "#4c956c"), ("priority", "#bc4749"), ("seasonal", "#577590"), ("training", "#90a955"),
)  # fmt: skip
FOLDERS = ("Human resources", "Purchasing", "Operations", "Finance", "Customers", "Projects")
GROUPS = (
    "Human resources",
    "Purchasing",
    "Finance",
    "Operations",
    "Legal",
    "Customer care",
    "Technology",
    "Management",
)
COMMENTS = (
    "Waiting for an answer since yesterday.", "Done by phone, notes are in the file.",
    "Please have another look at this.", "The customer asked for one more day.", "All documents have arrived.",
    "I will take care of it tomorrow morning.",
)  # fmt: skip
PROBLEMS = ("The form was not signed.", "The amounts do not match.", "Nobody answers at the number we have.")
IMPROVEMENTS = ("This step could come before the approval.", "A checklist would help here.")
ISSUES = ("Everything stops until the contract is clear.", "Legal asked us to pause this.")
