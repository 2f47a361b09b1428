"""What use cases need of the server they run in."""

import msgspec

from procession.adapters.secrets import Secrets


class Means(msgspec.Struct, frozen=True):
    """Keys for links of guests and for letters, the default of A-5.18, whether mail leaves the server, and its public
    address (blank: mails have no links).
    """

    secrets: Secrets
    fire_once: bool = False
    sends_mail: bool = False
    base_url: str = ""
