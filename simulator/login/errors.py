"""The flat error documents of the token endpoint.

Source: Microsoft Learn, "Microsoft Entra authentication and authorization error codes"; shapes as captured publicly.
"""

import json
from datetime import datetime
from typing import Any

from simulator.tenant import new_id


class LoginError(Exception):
    """A refusal of the token endpoint: HTTP status, OAuth error, AADSTS number and text; `further` are more fields."""

    def __init__(self, status: int, error: str, number: int, text: str, further: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.status, self.error, self.number, self.text = status, error, number, text
        self.further = further or {}

    def document(self, now: datetime, correlation_id: str | None) -> dict[str, Any]:
        """Return the document as the endpoint sends it."""
        trace_id, correlation = new_id(), correlation_id or new_id()
        stamp = now.strftime("%Y-%m-%d %H:%M:%SZ")
        return {
            "error": self.error,
            "error_description": (
                f"AADSTS{self.number}: {self.text}\r\nTrace ID: {trace_id}\r\n"
                f"Correlation ID: {correlation}\r\nTimestamp: {stamp}"
            ),
            "error_codes": [self.number],
            "timestamp": stamp,
            "trace_id": trace_id,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={self.number}",
            **self.further,
        }


def tenant_not_found(name: str) -> LoginError:
    """No such tenant."""
    return LoginError(
        400,
        "invalid_request",
        90002,
        f"Tenant '{name}' not found. Check to make sure you have the correct tenant ID and are signing into the correct "
        "cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for "
        "the tenant.",
    )


def application_not_found(app_id: str, tenant_name: str) -> LoginError:
    """No such application in the tenant."""
    return LoginError(
        400,
        "unauthorized_client",
        700016,
        f"Application with identifier '{app_id}' was not found in the directory '{tenant_name}'. This can happen if the "
        "application has not been installed by the administrator of the tenant or consented to by any user in the "
        "tenant. You may have sent your authentication request to the wrong tenant.",
    )


def no_service_principal(app_id: str, tenant_id: str) -> LoginError:
    """The application exists, its service principal does not."""
    return LoginError(
        401,
        "invalid_client",
        7000229,
        f"The client application '{app_id}' is missing service principal in the tenant '{tenant_id}'. "
        "See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119",
    )


def disabled(app_id: str, name: str) -> LoginError:
    """The service principal is there, and disabled (`accountEnabled` false)."""
    return LoginError(400, "unauthorized_client", 7000112, f"Application '{app_id}'({name}) is disabled.")


def resource_disabled(resource: str) -> LoginError:
    """The service principal of the resource is disabled."""
    return LoginError(
        400,
        "invalid_resource",
        500014,
        f"The service principal for resource '{resource}' is disabled. This indicate that a subscription within the "
        "tenant has lapsed, or that the administrator for this tenant has disabled the application, preventing tokens "
        "from being issued for it.",
    )


def blocked_by_policy(policy_id: str) -> LoginError:
    """A Conditional Access policy for workload identities refuses the application."""
    claims = {"access_token": {"capolids": {"essential": True, "values": [policy_id]}}}
    return LoginError(
        400,
        "invalid_grant",
        53003,
        "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
        {"suberror": "message_only", "claims": json.dumps(claims, separators=(",", ":"))},
    )


def wrong_secret(app_id: str) -> LoginError:
    """The value is no secret of the application."""
    return LoginError(
        401,
        "invalid_client",
        7000215,
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not "
        f"the client secret ID, for a secret added to app '{app_id}'.",
    )


def expired_secret(app_id: str) -> LoginError:
    """The value is a secret that has ended."""
    return LoginError(
        401,
        "invalid_client",
        7000222,
        f"The provided client secret keys for app '{app_id}' are expired. Visit the Azure portal to create new keys "
        "for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: "
        "https://aka.ms/certCreds.",
    )


def unknown_resource(resource: str, tenant_name: str) -> LoginError:
    """The scope names a resource that the tenant does not have."""
    return LoginError(
        400,
        "invalid_resource",
        500011,
        f"The resource principal named {resource} was not found in the tenant named {tenant_name}. This can happen if "
        "the application has not been installed by the administrator of the tenant or consented to by any user in the "
        "tenant. You might have sent your authentication request to the wrong tenant.",
    )


def service_without_principal(app_id: str, organization: str) -> LoginError:
    """A registration requests permissions of a service that the tenant does not have."""
    return LoginError(
        400,
        "invalid_client",
        650052,
        f"The app is trying to access a service '{app_id}' that your organization '{organization}' lacks a service principal "
        "for. Contact your IT Admin to review the configuration of your service subscriptions or consent to the "
        "application in order to create the required service principal.",
    )


def wrong_scope(scope: str) -> LoginError:
    """The scope has not the one form that client credentials take."""
    return LoginError(
        400,
        "invalid_scope",
        70011,
        f"The provided request must include a 'scope' input parameter. The provided value for the input parameter "
        f"'scope' is not valid. The scope {scope} is not valid.",
    )


def missing_parameter(name: str) -> LoginError:
    """A parameter of the form is missing."""
    return LoginError(
        400, "invalid_request", 900144, f"The request body must contain the following parameter: '{name}'."
    )


def no_credentials() -> LoginError:
    """Neither secret nor assertion was sent."""
    return LoginError(
        401,
        "invalid_client",
        7000218,
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    )


def unsupported_grant(grant_type: str) -> LoginError:
    """A grant type that nobody knows."""
    return LoginError(
        400, "unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{grant_type}'."
    )


def too_many_requests() -> LoginError:
    """The tenant is busy with more requests than it takes (AADSTS90055, TenantThrottlingError)."""
    return LoginError(429, "temporarily_unavailable", 90055, "There are too many incoming requests.")
