"""Photos of members: one each, of the organization where it was uploaded. Spec: behaviour-work F2."""

from msgspec.structs import replace

from procession.domain.errors import NotFound
from procession.domain.file_references import shown_at
from procession.domain.files import File, Holder
from procession.storage import files, members
from procession.storage.members import Member
from procession.storage.tx import WriteTx


async def show(tx: WriteTx, account: int, file: File) -> None:
    """The file is the photo of the locked member from now on. Raises NotFound."""
    member = await _locked(tx, account)
    await members.save(tx, _showing(tx, member, shown_at(file.id, tx.organization_id)))


async def take_down(tx: WriteTx, account: int) -> None:
    """Erase the member's photo. Raises NotFound."""
    await members.save(tx, await without(tx, await _locked(tx, account)))


async def without(tx: WriteTx, member: Member) -> Member:
    """The member to be saved, whose photo, if there is one, is erased."""
    if member.profile.profile_pic is None:
        return member
    await files.erase_held(tx, Holder("member", member.account))
    return _showing(tx, member, None)


async def _locked(tx: WriteTx, account: int) -> Member:
    member = await members.lock(tx, account)
    if member is None:
        raise NotFound
    return member


def _showing(tx: WriteTx, member: Member, picture: str | None) -> Member:
    return replace(member, profile=replace(member.profile, profile_pic=picture), updated_at=tx.now)
