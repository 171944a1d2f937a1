"""The token endpoint's refusals of client assertions.

Source: Microsoft Learn, "Microsoft Entra authentication and authorization error codes"; texts, statuses and OAuth
errors as captured publicly.  simulator/README.md names the few that no capture shows.
"""

from datetime import datetime

from simulator import moments
from simulator.login.errors import LoginError
from simulator.records import Certificate

CERTIFICATES_PAGE = "https://learn.microsoft.com/entra/identity-platform/certificate-credentials"
FEDERATION_PAGE = "https://learn.microsoft.com/entra/workload-id/workload-identity-federation"


def malformed() -> LoginError:
    """The assertion is no JWT, or lacks a claim, or holds one of another JSON type."""
    return LoginError(400, "invalid_request", 50027, "JWT token is invalid or malformed.")


def _refused(number: int, text: str) -> LoginError:
    return LoginError(401, "invalid_client", number, text)


def unsupported_algorithm(algorithm: str, supported: tuple[str, ...]) -> LoginError:
    """The signature is made in a way that is not taken: none, HS256, ES256."""
    return _refused(
        5002738,
        f"Invalid JWT token. '{algorithm}' is not a supported signature algorithm. Supported signing algorithms are: "
        f"'{','.join(supported)}'",
    )


def outside_its_time(now: datetime, start: datetime, end: datetime) -> LoginError:
    """The assertion has ended, or has not begun."""
    return _refused(
        700024,
        f"Client assertion is not within its valid time range. Current time: {moments.ticks(now)}, assertion valid "
        f"from {moments.ticks(start)}, expiry time of assertion {moments.ticks(end)}. Review the documentation at "
        f"{CERTIFICATES_PAGE} .",
    )


# -- certificates -------------------------------------------------------------------------------------------------------


def another_client() -> LoginError:
    """The assertion speaks for another client id than the form."""
    return _refused(
        700021,
        "Client assertion application identifier doesn't match 'client_id' parameter. Review the documentation at "
        f"{CERTIFICATES_PAGE} .",
    )


def subject_is_not_issuer() -> LoginError:
    """An application speaks for itself only."""
    return _refused(50048, "Subject must match the issuer claim in the client assertion.")


def another_audience() -> LoginError:
    """The assertion is meant for another endpoint than this tenant's."""
    return _refused(
        700023,
        "Client assertion audience claim does not match Realm issuer. Review the documentation at "
        f"{CERTIFICATES_PAGE} .",
    )


def no_certificate_named() -> LoginError:
    """The header does not say which certificate signed."""
    return _refused(
        5002723,
        "Invalid JWT token. No certificate SHA-1 thumbprint, certificate SHA-256 thumbprint, nor keyId specified in "
        "token header.",
    )


def unknown_certificate(app_id: str, thumbprint: str) -> LoginError:
    """No certificate of the application has this thumbprint."""
    return _refused(
        700027,
        "The certificate with identifier used to sign the client assertion is not registered on application. "
        f"[Reason - The key was not found., Thumbprint of key used by client: '{thumbprint}', "
        f"{_where_to_look(app_id)}]. Alternatively, SNI may be configured on the app. Please ensure that client "
        "assertion is being sent with the x5c claim in the JWT header using MSAL's WithSendX5C() method so that Azure "
        "Active Directory can validate the certificate being used.",
    )


def certificate_ended(app_id: str, certificate: Certificate) -> LoginError:
    """The certificate has ended, or has not begun."""
    return _refused(
        700027,
        "The certificate with identifier used to sign the client assertion is expired on application. "
        f"[Reason - The key used is expired., {_found(certificate)}, {_where_to_look(app_id)}].",
    )


def wrong_signature(app_id: str, certificate: Certificate) -> LoginError:
    """The certificate is known, and another key signed."""
    return _refused(
        700027,
        "Client assertion failed signature validation. [Reason - Key was found, but use of the key to verify the "
        f"signature failed., Thumbprint of key used by client: '{certificate.thumbprint}', {_found(certificate)}, "
        f"{_where_to_look(app_id)}].",
    )


def _found(certificate: Certificate) -> str:
    start, end = (f"{moment:%m/%d/%Y %H:%M:%S}" for moment in (certificate.start_date_time, certificate.end_date_time))
    return f"Found key 'Start={start}, End={end}'"


def _where_to_look(app_id: str) -> str:
    return (
        "Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id "
        f"'{app_id}'. Review the documentation at https://docs.microsoft.com/en-us/graph/deployments to determine the "
        "corresponding service endpoint and "
        "https://docs.microsoft.com/en-us/graph/api/application-get?view=graph-rest-1.0&tabs=http to build a query "
        f"request URL, such as 'https://graph.microsoft.com/beta/applications/{app_id}'"
    )


# -- federation ---------------------------------------------------------------------------------------------------------


def no_federated_credential(issuer: str, subject: str, audience: str) -> LoginError:
    """The application trusts no issuer at all."""
    return LoginError(
        400,
        "invalid_request",
        70021,
        f"No matching federated identity record found for presented assertion. Assertion Issuer: '{issuer}'. Assertion "
        f"Subject: '{subject}'. Assertion Audience: '{audience}'. {FEDERATION_PAGE}",
    )


def _not_trusted(number: int, part: str, value: str) -> LoginError:
    return _refused(
        number,
        f"No matching federated identity record found for presented assertion {part} '{value}'. Check your federated "
        f"identity credential Subject, Audience and Issuer against the presented assertion. {FEDERATION_PAGE}",
    )


def unknown_issuer(issuer: str) -> LoginError:
    """No federated identity credential names the issuer."""
    return _not_trusted(700211, "issuer", issuer)


def unknown_audience(audience: str) -> LoginError:
    """The issuer's token is meant for somebody else."""
    return _not_trusted(700212, "audience", audience)


def unknown_subject(subject: str) -> LoginError:
    """The issuer is trusted, for another subject."""
    return _not_trusted(700213, "subject", subject)


def subject_in_another_case(subject: str) -> LoginError:
    """The subject is the trusted one but for upper and lower case."""
    return _refused(
        7002138,
        f"No matching federated identity record found for presented assertion subject '{subject}'. The subject matches "
        "with case-insensitive comparison, but not with case-sensitive comparison. Check your federated identity "
        "credential Subject, Audience and Issuer against the presented assertion. See documentation at: "
        f"{FEDERATION_PAGE}. See breaking change notification and remediation at: "
        "https://learn.microsoft.com/en-us/entra/identity-platform/reference-breaking-changes#august-2024. ",
    )


def issuer_unreachable() -> LoginError:
    """The issuer is trusted, and its keys cannot be fetched."""
    return LoginError(400, "invalid_request", 50166, "Request to External OIDC endpoint failed.")


def wrong_foreign_signature() -> LoginError:
    """None of the issuer's keys made the signature."""
    return _refused(700027, "Client assertion failed signature validation.")
