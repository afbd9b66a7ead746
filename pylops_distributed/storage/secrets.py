"""Secrets, recognised by their names, by the addresses they stand in, and by what they look like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

_KEYS = (
    "access|account|admin|api|app|auth|client|consumer|db|deploy|encryption|host|licen[cs]e|master|private|sas|service|"
    "session|shared|signing|ssh|storage|subscription|tls|user|web"
)
NAME = re.compile(
    r"secret|pass(w|phrase|code|$)|passwd|pwd\d*$|token|credential|authorization|signature|cookie|"
    r"connection[_-]?string|auth[_-]?string|(access|api)[_-]?key|"
    rf"({_KEYS})[_-]?keys?([_-]?(b(ase)?64|pem|data|value))?\d*$|(^|[_-])(creds?|pat|sig|dsn|pin)($|[_-])|"
    r"(aws|amz)[_-]?session$|(^|[_-])sas([_-]?(key|ur[il]))?$",
    re.IGNORECASE,
)
# Where a secret is, but not what it is. Vault calls one of its secrets secret_id.
PUBLIC = re.compile(
    r"(?<!secret)(?<!secret[_-])((file|path|dir|id|name)$|key_?algs?$)|^image_?pull_?secrets$|secret(Key)?Ref$",
    re.IGNORECASE,
)
# What may also be the file that holds it.
PLACE = re.compile(
    r"(~|\.{1,2})?/[\w./~@+-]{0,250}|[A-Za-z]:\\[\w.\\ -]{1,250}|[\w.-]+\.(pem|key|json|txt|crt)"
)
FILES = re.compile(r"keys?$|credentials?$|creds?$|^(old)?pwd$|cookie", re.IGNORECASE)
LOOKS = re.compile(
    r"-----BEGIN[A-Z ]* PRIVATE KEY|PuTTY-User-Key-File|\bgh[oprsu]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|"
    r"\bglpat-[\w-]{15,}|\bxox[abeoprs]-[\w-]{10,}|\b[rs]k_(live|test)_\w{10,}|\bsk-[\w-]{20,}|\bhf_[A-Za-z0-9]{20,}|"
    r"\bpypi-[\w-]{20,}|\bnpm_[A-Za-z0-9]{20,}|\bAIza[\w-]{30,}|\bdop_v1_\w{20,}|\bhv[bs]\.[\w-]{20,}|\bpn[ub]_\w{20,}|"
    r"hooks\.slack\.com/services/\w|discord(app)?\.com/api/webhooks/\d|"
    r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.|(?i:\b(bearer|basic)\s+[\w.~+/=-]{6,})|(?i:\b(account|sharedaccess)key=[^\s;$])"
)
# A password, with the blank and slash that keys of S3 may hold; a colon before a port is none.
ADDRESS = re.compile(r"\w://[^\s/:@?#]*:(?!\d{1,5}(?:[/?#\s]|$))(?!\$)[^\s@]+@")
# A line of a job script, a header, an argument or a part of an address that sets something to anything but a variable.
LINE = re.compile(
    r"""(?P<name>[\w-]*\w(?=\s*=|:\s)|--[\w-]+)(\s*=\s*|:\s+|\s+)["']?(?P<value>[^$`=\s"'&][^\s"'&]*)"""
)


def is_secret_name(name: str) -> bool:
    """Whether something of this name is a secret itself, not where it is."""
    return NAME.search(name) is not None and PUBLIC.search(name) is None


def may_be(name: str, value: str) -> bool:
    """Whether a value under this name is a secret: not so if it is the path of a file under a name that takes one."""
    if not is_secret_name(name):
        return False
    return not (FILES.search(name) and PLACE.fullmatch(value))


def find_secrets(text: str) -> Iterator[str]:
    """Secrets in a text, wherever they stand: names, or "address" or "text" where they have none.

    Parameters
    ----------
    text : str
        Value of a setting, an address, or a line of a job script.

    Yields
    ------
    str
        Name of a secret, never the secret.
    """
    for form in dict.fromkeys((text, unquote(text))):
        if LOOKS.search(form):
            yield "text"
        if ADDRESS.search(form):
            yield "address"
        for part in LINE.finditer(form):
            if may_be(part["name"].lstrip("-"), part["value"]):
                yield part["name"]
            elif "=" in part["value"]:  # --export=NAME=VALUE
                yield from find_secrets(part["value"])
