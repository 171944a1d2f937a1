"""A clock that is wrong and tokens that end during a run, through the whole program with the provider's own part in it.

Below Pulumi: desired_state/test_clock.py, test_trust.py and test_tokens_that_end.py.
"""

from datetime import datetime, timedelta

import pytest

from tests.support.order import assert_closed_at_every_instant, story
from tests.support.stack import Stack
from tests.support.tenant import Tenant

pytestmark = pytest.mark.nightly
YEARS = 730 * 86_400


@pytest.mark.parametrize("seconds", [600, -600, YEARS, -YEARS])
def test_invariant_5_secrets_are_issued_and_kept_by_the_tenants_time(
    stack: Stack, tenant: Tenant, seconds: float
) -> None:
    """The tenant's clock is moved, and so it is this machine's that is wrong by as much, the other way."""
    tenant.advance(seconds=seconds)
    stack.up()
    stack.up()
    assert stack.changes() == {}
    first = stack.outputs(secrets=True)
    issued, ends = (datetime.fromisoformat(first["issuedSecrets"]["0"][name]) for name in ("issuedOn", "endsOn"))
    assert abs(issued - tenant.now()) < timedelta(minutes=10)
    assert timedelta(days=727) < ends - issued <= timedelta(days=730)
    # Neither early nor late: the renewal comes when the tenant says so.
    tenant.advance(days=600)
    stack.up()
    assert stack.changes() == {}
    tenant.advance(days=80)
    stack.up()
    outputs = stack.outputs()
    assert sorted(outputs["issuedSecrets"]) == ["0", "1"]
    assert tenant.sign_in(first["clientId"], first["clientSecret"]).status_code == 200
    assert_closed_at_every_instant(tenant.requests())


def test_tokens_that_live_for_a_moment_are_renewed_by_the_provider_and_by_the_scripts(
    stack: Stack, tenant: Tenant
) -> None:
    """Every one ends during the run; each is asked for anew before it has, and never in a loop."""
    tenant.control("PUT", f"/tenants/{tenant.id}/conditions", {"tokenSeconds": 6})
    stack.up()
    stack.up()
    assert stack.changes() == {}
    entries = [entry for entry in tenant.requests() if entry["callerAppId"] == tenant.client_id]
    assert not [entry for entry in entries if entry["status"] == 401]
    tokens = [entry for entry in entries if entry["path"].endswith("/token")]
    assert 4 < len(tokens) < len(entries) - len(tokens), "at most one for each request"


@pytest.mark.connected
def test_invariant_2_a_token_that_is_refused_before_its_time_ends_the_run_and_the_next_goes_on(
    stack: Stack, tenant: Tenant
) -> None:
    """The provider takes no new one then: the run ends, with Microsoft's words, and has asked once."""
    stack.configure(secret={"generation": 1})
    ended = {
        "error": {"code": "InvalidAuthenticationToken", "message": "Lifetime validation failed, the token is expired."}
    }
    tenant.fault(action={"status": 401, "body": ended}, times=50, method="POST", path="/addPassword$")
    since = tenant.last_request()
    failed = stack.up(expect=None)
    assert failed.code != 0
    assert "InvalidAuthenticationToken" in failed.text
    asked = [entry for entry in tenant.requests(since) if entry["path"].endswith("/addPassword")]
    assert len(asked) <= 2, "asked again and again"
    tenant.heal()
    stack.up()
    assert sorted(stack.outputs()["issuedSecrets"]) == ["0", "1"]
    assert story(tenant.requests(since)) == ["secret made"]
    stack.up()
    assert stack.changes() == {}
