"""Uploaded files: what is taken, what they are called, how they are sent, and which of them answers name.

Spec: api-tasks 15, behaviour-work 8.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from typing import Literal
from urllib.parse import quote

import msgspec

from procession.domain.errors import Invalid
from procession.domain.events import Event, happened
from procession.domain.file_references import files_in_answers, path_of
from procession.domain.processes import Process, Task
from procession.domain.times import DAY, Millis, wire

SubjectType = Literal["Run", "Checklist", "Task", "Organization", "User"]
State = Literal["pending", "stored", "erased"]
Act = Literal["uploaded", "downloaded", "archived", "deleted"]

NOUNS: Mapping[SubjectType, str] = {
    "Run": "process",
    "Checklist": "template",
    "Task": "task",
    "Organization": "organization",
    "User": "member",
}

SUBJECTS: Mapping[str, SubjectType] = {
    "run": "Run",
    "process": "Run",
    "checklist": "Checklist",
    "template": "Checklist",
    "task": "Task",
    "organization": "Organization",
    "user": "User",
    "member": "User",
}
KICKOFF = "ko_field"
ATTACHMENT = "attachment"
"""Where a file was uploaded from that is no answer: it belongs to its subject itself. Spec: api-tasks 15.3."""
DESCRIPTION = "description"
"""As an attachment, of a picture or video that the subject's text shows: it is in no list of files."""
COMMENT = "comment"
"""For a comment on the subject, which names it when it is written or changed."""

UNUSED_FOR = 30 * DAY
"""How long a file is kept that nothing refers to. Spec: api-tasks 15.4."""
UNUSED_IN_PUBLIC = DAY
LONGEST_UPLOAD = DAY
MAX_NAME_BYTES = 255
LOGO_BYTES = 10 * 1024 * 1024
PHOTO_BYTES = 2 * 1024 * 1024
MAX_TEXT = 200

MEDIA_TYPES: Mapping[str, str] = {
    "ai": "application/postscript",
    "avif": "image/avif",
    "bmp": "image/bmp",
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "dwg": "image/vnd.dwg",
    "gif": "image/gif",
    "heic": "image/heic",
    "html": "text/html",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "json": "application/json",
    "md": "text/markdown",
    "mov": "video/quicktime",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "mpga": "audio/mpeg",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "oft": "application/vnd.ms-outlook",
    "ogg": "audio/ogg",
    "pdf": "application/pdf",
    "png": "image/png",
    "ppt": "application/vnd.ms-powerpoint",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "psd": "image/vnd.adobe.photoshop",
    "qt": "video/quicktime",
    "rtf": "application/rtf",
    "svg": "image/svg+xml",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "txt": "text/plain",
    "wav": "audio/wav",
    "webm": "video/webm",
    "webp": "image/webp",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "application/xml",
    "xps": "application/vnd.ms-xpsdocument",
    "zip": "application/zip",
}
BYTES = "application/octet-stream"
# What a browser may show by itself: nothing in these is ever run.
SHOWN = frozenset({"application/pdf", "text/plain", "text/csv"})
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/bmp", "image/webp"})
VIDEOS = frozenset({"mp4", "webm", "ogg", "mov"})
"""What a description shows as a video, by extension. Spec: F2."""
UNSAFE_IMAGES = frozenset({"image/svg+xml"})

# Programs, whatever they are called: ELF, Mach-O of either order and width, universal binaries and Java classes.
_PROGRAMS = tuple(map(bytes.fromhex, ("7f454c46", "feedface", "feedfacf", "cefaedfe", "cffaedfe", "cafebabe")))


class File(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an uploaded file. Column names and fields agree (storage.rows).

    Announced before its bytes come (`pending`), and still there while they are being erased (`erased`).
    `subject_id` is a process's, template's, task's, organization's or member's.
    """

    no: int
    id: str
    state: State
    filename: str = ""
    size: int = 0
    sha256: str = ""
    subject_type: SubjectType = "Organization"
    subject_id: str = ""
    # The task, where it was uploaded to one.
    task_id: str | None = None
    step_id: str | None = None
    uploaded_from: str = ""
    source: Literal["local", "url"] = "local"
    system: str | None = None
    uploader: int | None = None
    uploader_guest: str | None = None
    uploaded_at: Millis
    archived_at: Millis | None = None

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES.get(extension_of(self.filename), BYTES)

    @property
    def may_be_shown(self) -> bool:
        """Whether a browser may show it in the place of a page. Spec: F6."""
        kind = self.media_type
        return kind in SHOWN or (kind.startswith(("image/", "audio/", "video/")) and kind not in UNSAFE_IMAGES)

    @property
    def is_answer(self) -> bool:
        """Whether answers may refer to it; else it belongs to its subject itself."""
        return self.uploaded_from not in (ATTACHMENT, DESCRIPTION)

    @property
    def is_from_public_form(self) -> bool:
        """Uploaded by somebody who is nobody here yet."""
        return self.uploader is None and self.uploader_guest is None


class Holder(msgspec.Struct, frozen=True, order=True):
    """What refers to files: a process (by its kick-off answers), a task, a comment, a template, a schedule, an item of
    the bin, the organization, a member; by number, templates by id, with `part` a step of it.
    """

    kind: Literal["process", "task", "comment", "template", "schedule", "bin", "organization", "member"]
    key: int | str = 0
    part: str | None = None

    @property
    def text(self) -> str:
        return f"{self.kind}:{self.key}" + (f":{self.part}" if self.part is not None else "")


Uses = Mapping[Holder, frozenset[str]]
"""Which files each refers to, by their ids."""


def as_answer(file: File, organization_id: str) -> dict[str, object]:
    """The file as an answer keeps it. Spec: api-tasks 15.1."""
    path = path_of(file.id, organization_id)
    return {
        "id": file.id,
        "filename": file.filename,
        "version": 1,
        "uploaded_from": file.uploaded_from,
        "uploaded_at": wire(file.uploaded_at),
        "step_id": file.step_id,
        "source": file.source,
        "system": file.system,
        "uploaded_to_s3": True,
        "subject": {"id": file.subject_id, "type": file.subject_type},
        "url": path,
        "full_url": path,
    }


def uses_of(process: Process | None, tasks: Iterable[Task], organization_id: str) -> Uses:
    """What the process and these tasks refer to; those without files are not in it."""
    found = {Holder("task", task.seq): files_in_answers(task.taskdata, organization_id) for task in tasks}
    if process is not None:
        found[Holder("process", process.seq)] = files_in_answers(process.prerun, organization_id)
    return {holder: files for holder, files in found.items() if files}


def texts_of(task: Task, process: Process | None) -> list[Holder]:
    """What refers to the files that the task's description shows: the task, and the step it was made from."""
    found = [Holder("task", task.seq)]
    if process is not None and task.step_id is not None:
        injection = process.injection_of(task)
        template_id = process.template_id if injection is None else injection.template_id
        found.append(Holder("template", template_id, task.step_id))
    return found


def told(act: Act, file: File, process: int | None) -> Event:
    """The event of what was done with a file: it happened to the task, process, template, member or organization that
    it is of.
    """
    noun, subject = ("task", file.task_id) if file.task_id is not None else (NOUNS[file.subject_type], file.subject_id)
    return happened(f"{noun}.file_{act}", subject, process=process, filename=file.filename, file=file.id)


def clean_filename(sent: str) -> str:
    """The name without folders, invisible letters and what file systems take for something else. Spec: F6."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", sent))[-1]
    kept = "".join(" " if char in '<>:"|?*' else char for char in last if unicodedata.category(char)[0] != "C")
    name = re.sub(r"\s+", " ", kept).strip().rstrip(" .")
    stem, dot, extension = name.rpartition(".")
    if not dot:
        return _shortened(name, MAX_NAME_BYTES) or "file"
    extension = _shortened(extension, 20)
    return f"{_shortened(stem, MAX_NAME_BYTES - 21).rstrip(' .') or 'file'}.{extension}"


def _shortened(text: str, most: int) -> str:
    return text.encode()[:most].decode(errors="ignore")


def extension_of(filename: str) -> str:
    return filename.rpartition(".")[2].lower() if "." in filename else ""


def is_picture(filename: str) -> bool:
    """Whether every browser shows it as a picture, and runs nothing of it."""
    return MEDIA_TYPES.get(extension_of(filename)) in PICTURES


def is_video(filename: str) -> bool:
    return extension_of(filename) in VIDEOS


def require_allowed(filename: str, allowed: Collection[str]) -> None:
    """Raises Invalid unless files of this name are taken; `*` takes any. Spec: F6."""
    extension = extension_of(filename)
    if "*" not in allowed and extension not in allowed:
        kind = f".{extension} files are" if extension else "Files without an extension are"
        raise refused(f"{kind} not accepted. Accepted are {', '.join(sorted(allowed))}.")


def require_harmless(beginning: bytes) -> None:
    """Raises Invalid when a file begins as a program does, whatever it is called. Spec: F6."""
    if beginning.startswith(_PROGRAMS) or (beginning.startswith(b"MZ") and b"\x00" in beginning[:64]):
        raise refused("Programs are not accepted.")


def refused(message: str) -> Invalid:
    """The file part is at fault."""
    return Invalid({"name": [message]})


def disposition(filename: str, *, shown: bool) -> str:
    """The Content-Disposition header: the name for old programs, and in full (RFC 5987)."""
    plain = "".join(char if 31 < ord(char) < 127 and char not in '"\\%' else "_" for char in filename)
    return f"{'inline' if shown else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
