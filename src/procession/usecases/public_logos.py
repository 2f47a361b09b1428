"""The organization's logo on its public pages, each of which has an address for it.

That goes by what is in the picture, so that no page shows a former one. Spec: behaviour-templates T-9.8.
"""

from procession.domain.errors import NotFound
from procession.domain.files import File
from procession.storage import files
from procession.storage.tx import ReadTx

NO_LOGO = "There is no such logo (any more)."
DIGITS = 16


async def current(tx: ReadTx) -> File | None:
    logo = await files.logo(tx)
    return None if logo is None else await files.find(tx, logo)


def version_of(logo: File) -> str:
    """What its address ends with."""
    return logo.sha256[:DIGITS]


async def of_version(tx: ReadTx, version: str) -> File:
    """Raises NotFound when it is another one by now, or none."""
    logo = await current(tx)
    if logo is None or version != version_of(logo):
        raise NotFound(NO_LOGO)
    return logo
