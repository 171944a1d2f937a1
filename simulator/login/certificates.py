"""Sign-in by certificate: an assertion that the application signed itself.

Source: Microsoft Learn, "Microsoft identity platform application authentication certificate credentials".
Owns which certificate an assertion names and what its claims must say.
"""

from base64 import urlsafe_b64decode
from datetime import datetime

from cryptography.hazmat.primitives import hashes

from simulator import keycredentials
from simulator.login import assertionerrors
from simulator.login.assertions import Assertion
from simulator.records import Application, Certificate

SHA1 = hashes.SHA1()  # noqa: S303 - `x5t` is defined by it (RFC 7515, section 4.1.7)
SHA256 = hashes.SHA256()
NAMES = (("x5t", SHA1), ("x5t#S256", SHA256), ("kid", SHA1))
"""What a header may name the certificate by; `kid` is how the azuread provider sends the SHA-1 thumbprint."""


def check(application: Application, assertion: Assertion, audiences: set[str], now: datetime) -> None:
    """Raise LoginError unless the assertion proves that the application itself sent it."""
    if assertion.issuer != application.app_id:
        raise assertionerrors.another_client()
    if assertion.subject != assertion.issuer:
        raise assertionerrors.subject_is_not_issuer()
    certificate = _named(application, assertion)
    if not assertion.signed_by(keycredentials.public_key(certificate)):
        raise assertionerrors.wrong_signature(application.app_id, certificate)
    if not certificate.start_date_time <= now < certificate.end_date_time:
        raise assertionerrors.certificate_ended(application.app_id, certificate)
    assertion.check_time(now)
    if assertion.audience not in audiences:
        raise assertionerrors.another_audience()
    if not isinstance(assertion.claims.get("jti"), str):
        raise assertionerrors.malformed()


def _named(application: Application, assertion: Assertion) -> Certificate:
    """Return the certificate that all of the header's thumbprints name.  Raises LoginError."""
    named = {
        name: (str(assertion.header[name]).rstrip("="), algorithm)
        for name, algorithm in NAMES
        if assertion.header.get(name)
    }
    if not named:
        raise assertionerrors.no_certificate_named()
    for certificate in application.certificates:
        if all(keycredentials.thumbprint_of(certificate, how) == value for value, how in named.values()):
            return certificate
    raise assertionerrors.unknown_certificate(application.app_id, _hexadecimal(next(iter(named.values()))[0]))


def _hexadecimal(thumbprint: str) -> str:
    """Return a header's thumbprint as Microsoft's texts show it; what is none stays as it is."""
    try:
        return urlsafe_b64decode(thumbprint + "=" * (-len(thumbprint) % 4)).hex().upper()
    except ValueError:
        return thumbprint
