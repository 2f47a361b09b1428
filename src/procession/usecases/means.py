"""What use cases need of the server they run in."""

from typing import Literal

import msgspec

from procession.adapters.secrets import Secrets


class Means(msgspec.Struct, frozen=True):
    """Keys for links of guests and for letters, the default of A-5.18, what becomes of mail, the server's public
    address (blank: mails have no links), and where answers to mail go.
    """

    secrets: Secrets
    fire_once: bool = False
    # It is sent, it waits for a mail server to be set up, or it is not even written: to people who are made up.
    mail: Literal["sent", "waits", "dropped"] = "dropped"
    base_url: str = ""
    # Of the addresses that mail to this server goes to; blank: it takes none.
    inbound_domain: str = ""
