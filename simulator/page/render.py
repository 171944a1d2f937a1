"""HTML of the page, and the headers that keep it to itself.

Owns the templates, the style and the script, which stand in the page: it works without a network and loads nothing.
Refuses to decide what is shown (view.py).
"""

import hashlib
from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from simulator.page.view import PageView

FOLDER = Path(__file__).parent

SIGNS = {"good": "✓", "off": "–", "wait": "…", "bad": "✗"}
"""Drawn before the words of a check; never without them."""

ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect x='1' y='2' width='14'"
    " height='12' rx='2' fill='%2323272c'/%3E%3Crect x='3' y='4' width='10' height='8' fill='%23f6f5ef'/%3E%3C/svg%3E"
)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(signs=SIGNS, icon=ICON)
    return environment


@cache
def _asset(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def tenant(page: PageView, *, several: bool) -> tuple[str, str]:
    """Return the page of a tenant and its version; `several` adds the way to the others."""
    return _whole(page.name, "tenant.html", page=page, several=several)


def listing(tenants: list[dict[str, Any]]) -> tuple[str, str]:
    """Return the list of tenants and its version."""
    return _whole("Tenants", "list.html", tenants=tenants)


def _whole(title: str, template: str, **values: Any) -> tuple[str, str]:
    content = _environment().get_template(template).render(values)
    version = hashlib.sha256(content.encode()).hexdigest()[:16]
    html = (
        _environment()
        .get_template("base.html")
        .render(
            title=title,
            version=version,
            content=Markup(content),  # noqa: S704 - rendered, with escaping, a line above
            style=Markup(_asset("page.css")),  # noqa: S704 - a file of this folder
            script=Markup(_asset("page.js")),  # noqa: S704 - a file of this folder
        )
    )
    return html, version


def headers(version: str) -> dict[str, str]:
    """Return the headers of a page: it may load nothing, run only its own script, and stand in no frame."""
    policy = {
        "default-src": "'none'",
        "style-src": _hash("page.css"),
        "script-src": _hash("page.js"),
        "img-src": "data:",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
        "ETag": f'"{version}"',
    }


@cache
def _hash(name: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(_asset(name).encode()).digest()).decode()}'"
