"""Texts that others wrote, without what must not be shown: the secrets of a sign-in, and whatever looks like a token.

Owns how a secret may look in somebody else's text. Our own words hold none to begin with. Pure.
"""

import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

HIDDEN = "***"
_TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?")


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """Return the text with every secret taken out: as it is, as JSON, as part of an address or a form, and in pieces.

    A secret with blanks may have been folded like the rest of the text, so it is compared folded too.
    """
    for secret in secrets:
        forms = {secret, secret.strip(), " ".join(secret.split()), json.dumps(secret)[1:-1], repr(secret)[1:-1]}
        forms |= {
            json.dumps(secret, ensure_ascii=False)[1:-1],
            quote(secret),
            quote(secret, safe=""),
            quote_plus(secret),
        }
        for form in sorted(forms, key=len, reverse=True):
            if form.strip():
                text = text.replace(form, HIDDEN)
    return _TOKEN.sub(HIDDEN, text)
