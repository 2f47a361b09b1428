"""`deliver-mail`: hands one message to a running server, for mail servers that run programs (codes of sysexits.h)."""

import http.client
from urllib.parse import urlencode, urlsplit

import typer

from procession.config import ConfigError, Settings

TAKEN, NEVER, LATER = 0, 65, 75
TIMEOUT_SECONDS = 120
# What says that the message itself cannot be taken.
FINAL = frozenset({400, 413, 415, 422})


def deliver(settings: Settings, message: bytes, *, url: str, sender: str | None, recipient: str | None) -> int:
    """How to end: taken, never to be taken, or to be tried again. Raises ConfigError."""
    if not settings.inbound_mail_secret:
        raise ConfigError("PROCESSION_INBOUND_MAIL_SECRET: the server takes mail from whoever knows it. Write it.")
    address = urlsplit(url or f"http://{settings.host}:{settings.port}")
    if address.scheme not in ("http", "https") or not address.hostname:
        raise ConfigError(f'--url: "{url}" is not the address of a server. Write one such as http://127.0.0.1:8080.')
    query = {name: value for name, value in (("recipient", recipient), ("sender", _returned_to(sender))) if value}
    headers = {"Content-Type": "message/rfc822", "Authorization": f"Bearer {settings.inbound_mail_secret}"}
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(address.hostname, address.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("POST", f"/api/inbound-email?{urlencode(query)}", message, headers)
        answer = connection.getresponse()
        said = answer.read(2_000).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        typer.echo(f"procession: the server does not take the message now: {error}", err=True)
        return LATER
    finally:
        connection.close()
    if answer.status == 200:
        return TAKEN
    typer.echo(f"procession: the server answered {answer.status}: {said}", err=True)
    return NEVER if answer.status in FINAL else LATER


def _returned_to(sender: str | None) -> str | None:
    """Mail servers write nothing, or a word, for nobody."""
    return "<>" if sender is not None and sender.strip("<>") in ("", "MAILER-DAEMON") else sender
