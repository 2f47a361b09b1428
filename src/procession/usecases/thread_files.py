"""Files that comments carry: uploaded first, then named by a comment. Spec: behaviour-work F2, api-tasks 14.3."""

from collections.abc import Sequence

from procession.domain.errors import Invalid
from procession.domain.files import File, Holder
from procession.domain.threads import Thread
from procession.storage import files, processes
from procession.storage.tx import WriteTx
from procession.usecases import file_access
from procession.usecases.thread_places import Place

NO_FILE = "There is no file {}."
LONGEST_SHOWN = 100
ELSEWHERE = "{} was uploaded to something else. Upload it to the {} that the comment is on first."


async def carry(tx: WriteTx, thread: Thread, place: Place, ids: Sequence[str]) -> bool:
    """Let the comment carry these files and no others; whether it carried others before. Raises Invalid.

    New ones have to be of its place, live, and such that the caller may read them.
    """
    held = await held_by(tx, thread)
    wanted = frozenset(ids)
    if wanted == held:
        return False
    await _require_usable(tx, place, [each for each in dict.fromkeys(ids) if each not in held])
    holder = _holder(thread)
    await files.follow(tx, {holder: held}, {holder: wanted})
    return True


async def drop(tx: WriteTx, thread: Thread) -> None:
    """The comment is about to be erased: what only it carries is, after a while."""
    await files.follow(tx, {_holder(thread): await held_by(tx, thread)}, {})


async def held_by(tx: WriteTx, thread: Thread) -> frozenset[str]:
    return await files.held_by(tx, _holder(thread))


async def share(tx: WriteTx, original: Thread, copy: Thread) -> None:
    """The copy carries what the original does."""
    await files.follow(tx, {}, {_holder(copy): await held_by(tx, original)})


def _holder(thread: Thread) -> Holder:
    return Holder("comment", thread.no)


async def _require_usable(tx: WriteTx, place: Place, ids: Sequence[str]) -> None:
    known = await files.known(tx, ids)
    faults: list[str] = []
    for each in ids:
        file = known.get(each)
        if file is None or file.archived_at is not None or not await file_access.may_read(tx, file):
            faults.append(NO_FILE.format(each[:LONGEST_SHOWN]))
        elif not await _is_of(tx, file, place):
            faults.append(ELSEWHERE.format(file.filename, place.noun))
    if faults:
        raise Invalid({"assets": faults})


async def _is_of(tx: WriteTx, file: File, place: Place) -> bool:
    """Whether it was uploaded to the place: on a task to that task, or to its process as a whole."""
    if place.task_id is not None and file.task_id == place.task_id:
        return True
    if place.process is not None:
        is_whole = file.subject_type == "Run" and file.task_id is None
        return is_whole and file.subject_id == await processes.id_at(tx, place.process)
    return file.subject_type == "Checklist" and file.subject_id == place.template_id
