"""Tells a web page, which a proxy or a firewall puts in the way, from an answer of Microsoft's interfaces.

Owns the recognition alone. What is tried again because of it is http.py's, what a refusal means is its readers'.
"""

import re

import httpx

_LONGEST_TITLE = 120
# Microsoft Graph and Exchange name every answer of theirs, error pages of their own front doors included.
_NAMES_OF_MICROSOFT = ("request-id", "x-ms-request-id")
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)


def web_page(response: httpx.Response) -> str | None:
    """Return the title of a web page that answered in Microsoft's place ('' without one); None for anything else."""
    if any(name in response.headers for name in _NAMES_OF_MICROSOFT):
        return None
    beginning = response.content[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    declared = response.headers.get("Content-Type", "").lower().startswith(("text/html", "application/xhtml"))
    if not declared and not beginning.startswith((b"<!doctype html", b"<html")):
        return None
    found = _TITLE.search(response.text)
    return " ".join(found[1].split())[:_LONGEST_TITLE] if found else ""
