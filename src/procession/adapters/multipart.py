"""Uploaded forms, read piece by piece: fields are kept, the bytes of the one file are handed on as they come."""

from collections.abc import Callable

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

MULTIPART = b"multipart/form-data"
MAX_FIELDS = 50
MAX_FIELD_BYTES = 65_536


class Unreadable(ValueError):
    """What came is no form; `args` say why."""


def parts_of(content_type: str, body: bytes) -> dict[str, bytes]:
    """The fields and files of a whole form as they came, each name's first. Raises Unreadable."""
    reader = _Parts(content_type)
    reader.feed(body)
    if not reader.is_complete:
        raise Unreadable("The form ends before its last part does.")
    return reader.parts


class FormReader:
    """Takes what a request brings, in order."""

    def __init__(
        self, content_type: str, *, most_fields: int = MAX_FIELDS, most_field_bytes: int = MAX_FIELD_BYTES
    ) -> None:
        """Raises Unreadable unless the header says that a form comes."""
        kind, options = parse_options_header(content_type)
        if kind.lower() != MULTIPART or not options.get(b"boundary"):
            raise Unreadable("The Content-Type must be multipart/form-data with a boundary.")
        self.fields: dict[str, str] = {}
        # The same as they came, a name as often as it was sent.
        self.pairs: list[tuple[str, str]] = []
        # The name that the file was sent under and its own, when it has begun.
        self.part: str | None = None
        self.filename = ""
        self.is_complete = False
        self._pieces: list[bytes] = []
        self._header = bytearray()
        self._header_value = bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._value: bytearray = bytearray()
        self._field: str | None = None
        self._is_file = False
        self._most_fields, self._most_field_bytes = most_fields, most_field_bytes
        events: dict[str, Callable[..., None]] = {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._add_header_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_part_data": self._data,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }
        try:
            self._parser = MultipartParser(options[b"boundary"], events)  # pyright: ignore[reportArgumentType]  # as it calls them
        except FormParserError as fault:
            raise Unreadable(str(fault)) from fault

    def feed(self, data: bytes) -> list[bytes]:
        """The bytes of the file that are in this. Raises Unreadable."""
        try:
            self._parser.write(data)
        except FormParserError as fault:
            raise Unreadable(str(fault)) from fault
        pieces, self._pieces = self._pieces, []
        return pieces

    def _begin(self) -> None:
        self._headers, self._value, self._field, self._is_file = {}, bytearray(), None, False

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _add_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        self._headers[bytes(self._header).lower()] = bytes(self._header_value)
        self._header, self._header_value = bytearray(), bytearray()

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = options.get(b"name", b"").decode(errors="replace")
        if b"filename" not in options:
            if len(self.pairs) >= self._most_fields:
                raise Unreadable(f"The form has more than {self._most_fields} fields.")
            self._field = name
            return
        if self.part is not None:
            raise Unreadable("The form has more than one file. Send one at a time.")
        self._is_file, self.part = True, name
        self.filename = options[b"filename"].decode(errors="replace").replace("%22", '"')

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._pieces.append(data[start:end])
        elif len(self._value) + end - start > self._most_field_bytes:
            raise Unreadable(f"The field {(self._field or '')[:80]} is too long.")
        else:
            self._value += data[start:end]

    def _end_part(self) -> None:
        if self._field is not None:
            value = self._value.decode(errors="replace").replace("\x00", "")
            self.fields[self._field] = value
            self.pairs.append((self._field, value))

    def _end(self) -> None:
        self.is_complete = True


class _Parts(FormReader):
    """Keeps every part, whatever its size: whoever feeds it has bounded that."""

    def __init__(self, content_type: str) -> None:
        super().__init__(content_type)
        self.parts: dict[str, bytes] = {}
        self._name = ""

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._name = options.get(b"name", b"").decode(errors="replace")
        if len(self.parts) >= MAX_FIELDS:
            raise Unreadable(f"The form has more than {MAX_FIELDS} fields.")

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_part(self) -> None:
        self.parts.setdefault(self._name, bytes(self._value))
