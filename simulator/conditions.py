"""How a tenant behaves besides what it holds: latency, lag, throttling, concurrency and policies that refuse sign-in.

Owns the settings that the control API takes (`PUT /tenants/{id}/conditions`).  Refuses to own their effects: each API
applies those that are its own.  A fresh tenant is instant, consistent and unthrottled.  All times are seconds by the
tenant's clock, unless a name says otherwise.
"""

from typing import Literal

from pydantic import Field

from simulator.records import Record


class Latency(Record):
    """How long answers take, in milliseconds of this machine's time.

    Each HTTP request waits once, and once more for each of its cmdlets, one after another.
    """

    request_milliseconds: float = Field(default=0, ge=0, le=60_000)
    cmdlet_milliseconds: float = Field(default=0, ge=0, le=60_000)


class Throttle(Record):
    """When the tenant answers 429."""

    concurrent_requests: int | None = Field(default=None, ge=1)
    """More than these at once are refused; None refuses none."""
    concurrent_requests_of_mailbox: int | None = Field(default=None, ge=1)
    """More than these at once of one application for one mailbox's calendar are refused; None refuses none."""
    retry_after_seconds: int | None = Field(default=1, ge=0)
    """The Retry-After of a refusal; None sends none, as some of Microsoft's services do."""
    exchange_plain_text: bool = False
    """Exchange refuses with 503 and a plain text, as users report it, instead of with 429 and JSON."""


class Lag(Record):
    """How far reading stays behind writing."""

    graph_create_seconds: float = Field(default=0, ge=0)
    """A new directory object or grant answers 404 and is missing from lists."""
    graph_create_reads: int = Field(default=0, ge=0)
    """The same for this many readings of each new object, whatever the clock says."""
    graph_change_seconds: float = Field(default=0, ge=0)
    """A changed object still shows its former properties, owners and passwords."""
    graph_delete_seconds: float = Field(default=0, ge=0)
    """A deleted object or grant can still be read."""
    secret_seconds: float = Field(default=0, ge=0)
    """A new client secret is refused with AADSTS7000215."""
    exchange_create_seconds: float = Field(default=0, ge=0)
    """A new group, policy, service principal, scope, assignment or role group is not found yet on another domain
    controller, and not listed; its name is taken at once.  A group's own reply lacks the distinguished name."""
    policy_seconds: float = Field(default=0, ge=0)
    """Graph enforces application access policies, and their groups, as they were this long ago."""
    rbac_idle_seconds: float = Field(default=0, ge=0)
    """Graph keeps what RBAC for Applications decided for an application until it was not used for this long ..."""
    rbac_longest_seconds: float = Field(default=0, ge=0)
    """... or until the decision is this old."""


class Conditions(Record):
    """All of it."""

    latency: Latency = Field(default_factory=Latency)
    throttle: Throttle = Field(default_factory=Throttle)
    lag: Lag = Field(default_factory=Lag)
    blocked_client_ids: list[str] = Field(default_factory=list)
    """Client ids that a Conditional Access policy refuses (AADSTS53003)."""
    token_seconds: float | None = Field(default=None, ge=2, le=86_400)
    """How long new access tokens last; None: 65 minutes.  Microsoft's token lifetime policies take 10 minutes to a day
    ("Configurable token lifetimes in the Microsoft identity platform"); here they may be shorter."""
    password_window_seconds: float = Field(default=0, ge=0)
    """A second change of one application's passwords within this time is refused: 409 Directory_ConcurrencyViolation."""
    exchange_error_form: Literal["context", "json", "internal"] = "context"
    """Where Exchange's refusals hold what a cmdlet threw: `ErrorId|type|text` in details, JSON there, or no details."""
    exchange_language: Literal["en", "de"] = "en"
    """The language of Exchange's refusals; the .NET types are the same."""
    exchange_missing_identity_returns_all: bool = False
    """True: a Get- cmdlet with an Identity that does not exist returns everything, as Microsoft's pages warn."""
    exchange_failing_writes: int = Field(default=0, ge=0)
    """So many next writes to groups answer 500 with X-ExceptionType: UnableToWriteToAadException, without effect."""


MICROSOFTS_MAILBOX_CONCURRENCY = 4
"""Microsoft Graph, "Microsoft Graph service-specific throttling limits", Outlook: per app and mailbox."""

MICROSOFTS_OWN = Lag(
    graph_create_seconds=2,
    graph_change_seconds=2,
    graph_delete_seconds=2,
    secret_seconds=15,
    exchange_create_seconds=5,
    policy_seconds=3600,
    rbac_idle_seconds=1800,
    rbac_longest_seconds=7200,
)
"""Figures that Microsoft documents, or that people have measured: the preset `microsoft` of the control API.

Sources: "Limiting application permissions to specific Exchange Online mailboxes" (longer than an hour), "Role Based
Access Control for Applications in Exchange Online" (30 minutes idle, 2 hours at most); the rest is reported by users.
"""
