"""A machine whose clock is wrong, in either direction: who is still signed in, and whose time counts.

The tenant's clock is moved, and so it is this machine's that is wrong. A certificate of Microsoft's that such a machine refuses is
test_trust.py's; which secrets there are by the tenant's time, components' and end_to_end/test_clock_and_tokens.py's.
"""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.desired_state.tenant import Tenant
from tests.support.vendors import Vendors, archive_of

Variables = dict[str, str | None]
MINUTES, YEARS = timedelta(minutes=10, seconds=20), timedelta(days=730)
WRONG = {
    "ten minutes behind": MINUTES,
    "ten minutes ahead": -MINUTES,
    "two years behind": YEARS,
    "two years ahead": -YEARS,
}


@pytest.fixture
def vendors(tenant: Tenant) -> Iterator[Vendors]:
    with Vendors(tenant.server.control_url, tenant.id, tenant.administrator["clientId"]) as running:
        yield running


@pytest.mark.parametrize(
    ("way", "wrong"),
    [*(("secret", wrong) for wrong in WRONG), ("pipeline", "two years behind"), ("pipeline", "two years ahead")],
)
def test_whoever_signs_in_by_a_secret_or_a_pipeline_goes_by_the_tenants_time(
    tenant: Tenant, vendors: Vendors, way: str, wrong: str
) -> None:
    tenant.advance(WRONG[wrong] / timedelta(hours=1))
    variables: Variables = {}
    if way == "pipeline":
        variables = {"ARM_CLIENT_SECRET": None, "ARM_USE_OIDC": "true", **vendors.github}
    wish = tenant.desired(tenant.application()["clientId"])
    seen = tenant.run("observe", stdin=wish, variables=variables)
    assert seen.code == 0, seen.err
    observed = datetime.fromisoformat(seen.document["observedAt"])
    assert abs(observed - (datetime.now(UTC) + WRONG[wrong])) < timedelta(minutes=5)
    done = tenant.run("apply", stdin=wish, variables=variables)
    assert done.code == 0, done.err


@pytest.mark.parametrize(
    ("wrong", "code", "said"),
    [
        ("ten minutes behind", 3, "set this machine's clock (AADSTS700024)"),
        ("ten minutes ahead", 0, ""),
        ("two years behind", 2, "by this machine's clock (20"),
        ("two years ahead", 2, "by this machine's clock (20"),
    ],
)
def test_whoever_signs_in_by_a_certificate_is_told_of_the_clock_before_anything_is_changed(
    tenant: Tenant, wrong: str, code: int, said: str
) -> None:
    """What it signs is good for ten minutes by this machine's clock; and the certificate has a life of its own, by which it is looked at."""
    days = 24 if "years" not in wrong else 0
    tenant.advance(WRONG[wrong] / timedelta(hours=1) - days)
    body = {"clientId": tenant.administrator["clientId"]}
    made = tenant.control.post(f"/tenants/{tenant.id}/certificates", json=body).raise_for_status().json()
    tenant.advance(days)
    wish = tenant.desired(tenant.application()["clientId"])
    before = tenant.snapshot()
    archive = base64.encodebytes(archive_of(made["pem"])).decode()
    variables: Variables = {"ARM_CLIENT_SECRET": None, "ARM_CLIENT_CERTIFICATE": archive}
    ended = tenant.run("apply", stdin=wish, variables=variables)
    assert ended.code == code, ended.err
    if code:
        assert said in ended.err
        assert tenant.snapshot() == before
    if code == 2:
        assert "set that where it is wrong" in ended.err
