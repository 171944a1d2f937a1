"""The routes of the control API."""

from starlette.routing import Route

from simulator.control import conditions, exposure, handlers, pipeline, tenants
from simulator.control.handlers import Handler, endpoint
from simulator.operation import Operation, routes


def _operation(method: str, path: str, handler: Handler, what: str) -> Operation:
    return Operation(method, (path,), endpoint(handler), what, "")


OPERATIONS = [
    _operation("GET", "/status", handlers.status, "where the tenant is and what it holds"),
    _operation("POST", "/reset", tenants.reset, "begin anew with one tenant; the administrator's secret stays"),
    _operation(
        "POST",
        "/seed",
        tenants.seed,
        '`{"rooms": 1500, "people": 20, "customized": false}`: another company, for the first tenant or the one of '
        "`domain`; not customized is dehydrated",
    ),
    _operation("POST", "/tenants", tenants.add_tenant, '`{"domain": "b.example", "name", "rooms"}`: one more tenant'),
    _operation("POST", "/tenants/{tenant}/reset", tenants.reset_tenant, "begin anew with this tenant; the others stay"),
    _operation("DELETE", "/tenants/{tenant}", tenants.remove_tenant, "a tenant goes, but not the first"),
    _operation("GET", "/requests", handlers.requests, "`?since=N`: the request log"),
    _operation("DELETE", "/requests", handlers.clear_requests, "empty the log; numbers go on"),
    _operation("POST", "/faults", handlers.add_fault, "`{match, skip, times, action}`; see above"),
    _operation("GET", "/faults", handlers.list_faults, "the faults and how often each was met"),
    _operation("DELETE", "/faults", handlers.clear_faults, "forget the faults"),
    _operation("GET", "/tenants/{tenant}/clock", handlers.get_clock, "the tenant's time"),
    _operation("PUT", "/tenants/{tenant}/clock", handlers.set_clock, '`{"now": …}` or `{"advanceSeconds": …}`'),
    _operation(
        "GET", "/tenants/{tenant}/conditions", conditions.get_conditions, "latency, throttling, lag and the rest"
    ),
    _operation(
        "PUT",
        "/tenants/{tenant}/conditions",
        conditions.set_conditions,
        '`{"lag": {"policySeconds": 60}}`: what is left out stays; `{"preset": "microsoft" | "none"}` goes first',
    ),
    _operation("GET", "/tenants/{tenant}/snapshot", handlers.get_snapshot, "the tenant as canonical JSON, no secrets"),
    _operation(
        "POST",
        "/tenants/{tenant}/snapshot/diff",
        handlers.compare_snapshot,
        "an earlier snapshot as the body: `[{path, before, after}]`",
    ),
    _operation(
        "POST", "/tenants/{tenant}/exposure", exposure.start, '`{"allowed": "rooms" | […], "clientIds"}`: a fresh meter'
    ),
    _operation("GET", "/tenants/{tenant}/exposure", exposure.read, "what the meter has measured until now; see above"),
    _operation("POST", "/tenants/{tenant}/mailboxes", handlers.add_mailbox, "a mailbox appears"),
    _operation("DELETE", "/tenants/{tenant}/mailboxes/{address}", handlers.remove_mailbox, "a mailbox disappears"),
    _operation(
        "POST",
        "/tenants/{tenant}/meetings",
        handlers.send_meeting,
        '`{"organizer", "rooms": […], "subject", "body", "start", "end", "private"}`: a person invites rooms, which do as '
        "their calendar processing says; answers what each did and why",
    ),
    _operation("POST", "/tenants/{tenant}/tokens", handlers.issue_token, "a token without a secret"),
    _operation(
        "POST",
        "/tenants/{tenant}/certificates",
        handlers.add_certificate,
        '`{"clientId": …, "days": 365}`: a certificate to sign in with; PEM and private key in this answer only',
    ),
    _operation(
        "GET",
        "/pipeline/token",
        pipeline.token,
        "`?subject=…&audience=…`, any bearer: a token of a pretend pipeline, 5 minutes; the deployer trusts the default "
        "subject",
    ),
    _operation(
        "GET",
        "/pipeline/.well-known/openid-configuration",
        pipeline.configuration,
        "the pipeline's issuer, `https://pipeline.alpenblick.example`, and where its keys are",
    ),
    _operation("GET", "/pipeline/.well-known/jwks", pipeline.keys, "the pipeline's one key"),
    _operation(
        "PUT", "/tenants/{tenant}/rights/{client}", handlers.set_rights, '`{"directoryRoles": […], "appRoles": […]}`'
    ),
]


def starlette_routes() -> list[Route]:
    """Return the routes, and last the one that names what there is."""
    everything = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return [*routes(OPERATIONS), Route("/{rest:path}", handlers.not_found, methods=everything)]
