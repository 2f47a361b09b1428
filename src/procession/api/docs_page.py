"""The interactive API page: Swagger UI from the installed package, nothing from elsewhere."""

from functools import cache
from html import escape
from importlib.util import find_spec
from pathlib import Path

MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".png": "image/png"}
START = "start.js"
FILES = frozenset(
    {"swagger-ui.css", "index.css", "swagger-ui-bundle.js", "favicon-16x16.png", "favicon-32x32.png", START}
)
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
}

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Procession API</title>
<link rel="stylesheet" href="{prefix}/docs/assets/swagger-ui.css">
<link rel="stylesheet" href="{prefix}/docs/assets/index.css">
<link rel="icon" type="image/png" href="{prefix}/docs/assets/favicon-32x32.png" sizes="32x32">
</head>
<body>
<div id="swagger-ui" data-document="{prefix}/openapi.json"></div>
<script src="{prefix}/docs/assets/swagger-ui-bundle.js"></script>
<script src="{prefix}/docs/assets/start.js"></script>
</body>
</html>
"""
_START = """const place = document.getElementById("swagger-ui");
SwaggerUIBundle({ url: place.dataset.document, domNode: place, deepLinking: true, persistAuthorization: false });
"""


def page(prefix: str) -> bytes:
    """The page for one of the two path prefixes."""
    return _PAGE.format(prefix=escape(prefix)).encode()


@cache
def asset(name: str) -> tuple[bytes, str]:
    """A file of the page with its media type; raises KeyError for any other name."""
    if name not in FILES:
        raise KeyError(name)
    content = _START.encode() if name == START else (_folder() / name).read_bytes()
    return content, MEDIA_TYPES[Path(name).suffix]


def _folder() -> Path:
    """Where the package keeps its files; found without importing it, as it would bring a template engine along."""
    package = find_spec("swagger_ui")
    if package is None or not package.submodule_search_locations:
        raise RuntimeError("The package swagger-ui-py is not installed. Run `make setup`.")
    return Path(package.submodule_search_locations[0]) / "static"
