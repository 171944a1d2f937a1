"""A client certificate's archive, looked into before anything is asked: password, key, dates.

Owns what is wrong with an archive, in words; refuses to own where it comes from (`microsoft365/credentials.py`) and the
assertion that is signed with it (azure-identity). The provider takes PKCS#12 and nothing else (hashicorp/go-azure-sdk
sdk/auth/client_certificate_authorizer.go, v0.20250513.1112057), azure-identity RSA keys and no others.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from microsoft365.errors import BadInput
from microsoft365.identity.methods import ClientCertificate

if TYPE_CHECKING:
    from cryptography import x509

_MAKE_ONE = "make one with: openssl pkcs12 -export -inkey key.pem -in certificate.pem -out deployer.pfx"


@dataclass(frozen=True)
class Certificate:
    """What people compare with the portal: the thumbprint as it shows it, and the last moment, in UTC."""

    thumbprint: str
    ends: datetime


def inspect(method: ClientCertificate, now: datetime) -> Certificate:
    """Open the archive and return what is in it. Raises BadInput naming what is wrong; never sends anything."""
    # A tenth of a second to load, which every other way to sign in need not pay.
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    key, certificate = _opened(method)
    if key is None or certificate is None:
        missing = "no private key" if key is None else "no certificate that belongs to its private key"
        raise BadInput(f"{method.named} holds {missing}; a certificate to sign in with needs both: {_MAKE_ONE}")
    if not isinstance(key, RSAPrivateKey):
        raise BadInput(
            f"{method.named} holds a key that is not RSA, and signing in to Exchange with such a key is not supported; make "
            "a certificate with an RSA key of 2048 bits or more"
        )
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now >= end or now < start:
        what = f"ended on {_day(end)}" if now >= end else f"counts from {_day(start)} on"
        raise BadInput(
            f"the certificate in {method.named} {what}, by this machine's clock ({_day(now)}); set that where it is wrong, else make a new one, and upload its "
            "public part on the application's page Certificates & secrets"
        )
    return Certificate(certificate.fingerprint(hashes.SHA1()).hex().upper(), end)  # noqa: S303 - as the portal shows it


def _opened(method: ClientCertificate) -> tuple[object, "x509.Certificate | None"]:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import pkcs12

    if b"-----BEGIN" in method.archive:
        raise BadInput(f"{method.named} is PEM, and the azuread provider takes PKCS#12 (.pfx, .p12) alone; {_MAKE_ONE}")
    if not _is_whole(method.archive):
        raise BadInput(
            f"{method.named} is no PKCS#12 archive (.pfx, .p12), or is cut off ({len(method.archive)} bytes); {_MAKE_ONE}"
        )
    try:
        key, certificate, _ = pkcs12.load_key_and_certificates(method.archive, method.password.encode())
    except UnsupportedAlgorithm:
        raise BadInput(
            f"{method.named} is encrypted in a way that is too old to be read here; write it anew with: openssl pkcs12 -in "
            "old.pfx -legacy -nodes | openssl pkcs12 -export -out deployer.pfx"
        ) from None
    except ValueError:
        given = "the password in ARM_CLIENT_CERTIFICATE_PASSWORD is wrong"
        none = "it has a password, and ARM_CLIENT_CERTIFICATE_PASSWORD is not set"
        raise BadInput(
            f"{method.named} cannot be opened: {given if method.password else none}, or the archive is damaged. Try it with: "
            "openssl pkcs12 -in FILE -info -noout"
        ) from None
    return key, certificate


def _is_whole(archive: bytes) -> bool:
    """Tell whether it is one DER sequence of the length that it says, as the outermost part of every PKCS#12 archive is.

    What is within may be encrypted; this tells a file of another kind, or half of one, from a wrong password.
    """
    if len(archive) < 2 or archive[0] != 0x30:
        return False
    first = archive[1]
    if first < 0x80:
        return len(archive) == 2 + first
    if first == 0x80:  # The length is not said (BER), so that only the end can be looked at.
        return archive.endswith(b"\x00\x00")
    head = 2 + (first & 0x7F)
    return len(archive) == head + int.from_bytes(archive[2:head])


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d")
