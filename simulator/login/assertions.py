"""Client assertions (RFC 7523): the signed statements that stand in for a client secret.

Owns reading them, their times and their signatures.  Refuses to own whose key counts and what the claims must say:
that differs between certificates (certificates.py) and other issuers' tokens (federation.py).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from simulator.login import assertionerrors

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256")
"""What a signature may be made with; Microsoft names PS256, and takes the older ones (public captures)."""
SLOW_CLOCKS = timedelta(minutes=5)
"""How far ahead of the tenant's time an assertion may begin; it ends when it says so."""

_UNCHECKED: Any = {
    "verify_signature": False,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}
_SIGNATURE_ONLY: Any = {**_UNCHECKED, "verify_signature": True}


@dataclass(frozen=True)
class Assertion:
    """An assertion as it says of itself; nothing of it is true before its signature is checked."""

    text: str
    algorithm: str
    header: dict[str, Any]
    claims: dict[str, Any]
    issuer: str
    subject: str
    audience: str

    def signed_by(self, key: rsa.RSAPublicKey) -> bool:
        """Tell whether the key's owner signed it."""
        try:
            jwt.decode(self.text, key, algorithms=[self.algorithm], options=_SIGNATURE_ONLY)
        except jwt.PyJWTError:
            return False
        return True

    def check_time(self, now: datetime) -> None:
        """Raise LoginError unless the assertion is valid now; one that does not say until when has ended in 1970."""
        start, end = _moment(self.claims.get("nbf", 0)), _moment(self.claims.get("exp", 0))
        if now >= end or now + SLOW_CLOCKS < start:
            raise assertionerrors.outside_its_time(now, start, end)


def read(text: str) -> Assertion:
    """Return an assertion, unchecked but for its form.  Raises LoginError."""
    try:
        decoded = jwt.decode_complete(text, options=_UNCHECKED)
    except jwt.PyJWTError as error:
        raise assertionerrors.malformed() from error
    header, claims = decoded["header"], decoded["payload"]
    named = [claims.get(name) for name in ("iss", "sub", "aud")]
    if not all(isinstance(value, str) and value for value in named):
        # An audience that is a list is refused as well (public captures).
        raise assertionerrors.malformed()
    if header.get("alg") not in ALGORITHMS:
        raise assertionerrors.unsupported_algorithm(str(header.get("alg")), ALGORITHMS)
    for name in ("nbf", "exp"):
        if name in claims:
            _moment(claims[name])
    issuer, subject, audience = named
    return Assertion(text, header["alg"], header, claims, issuer, subject, audience)


def _moment(value: object) -> datetime:
    """Return the moment of a NumericDate.  Raises LoginError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise assertionerrors.malformed()
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise assertionerrors.malformed() from error
