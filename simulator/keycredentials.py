"""Certificates with which applications sign in: read, made, and found by what an assertion's header says of them.

Owns X.509.  Refuses to own who may register a certificate (graph/credentials.py) and what an assertion must hold
(login/certificates.py).
"""

import binascii
from base64 import b64decode, b64encode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from simulator.records import Certificate
from simulator.tenant import new_id

PEM_MARK = b"-----BEGIN CERTIFICATE-----"
KEY_SIZE = 2048


class CertificateRefusedError(Exception):
    """What was sent as a certificate is none, or is none that Microsoft Entra ID takes; the text says which."""


def read(key: str) -> x509.Certificate:
    """Return the certificate that `key` of a keyCredential holds: DER or PEM, in base64.

    Raises CertificateRefusedError; certificates without an RSA key are refused as well.
    """
    try:
        content = b64decode(key, validate=True)
        pem = content.lstrip().startswith(PEM_MARK)
        certificate = x509.load_pem_x509_certificate(content) if pem else x509.load_der_x509_certificate(content)
        public_key = certificate.public_key()
    except (binascii.Error, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CertificateRefusedError("it is no X.509 certificate in base64") from error
    if not isinstance(public_key, rsa.RSAPublicKey):
        raise CertificateRefusedError("its key is no RSA key")
    return certificate


def record(
    certificate: x509.Certificate,
    key_id: str,
    display_name: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Certificate:
    """Return what the directory remembers of a certificate; it counts as long as it is valid itself, or shorter."""
    return Certificate(
        key_id=key_id,
        display_name=display_name,
        start_date_time=start or certificate.not_valid_before_utc,
        end_date_time=end or certificate.not_valid_after_utc,
        thumbprint=certificate.fingerprint(hashes.SHA1()).hex().upper(),  # noqa: S303 - Microsoft's own name of it
        certificate=b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode(),
    )


def make(common_name: str, now: datetime, lifetime: timedelta) -> tuple[str, Certificate]:
    """Return a new self-signed certificate: as PEM with its private key, and as the directory remembers it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_SIZE)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    start = now.astimezone(UTC).replace(microsecond=0)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + lifetime)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem = private + certificate.public_bytes(serialization.Encoding.PEM)
    return pem.decode(), record(certificate, new_id(), common_name)


@lru_cache(maxsize=256)
def _certificate(content: str) -> x509.Certificate:
    return x509.load_der_x509_certificate(b64decode(content))


def public_key(certificate: Certificate) -> rsa.RSAPublicKey:
    """Return the key that checks what the certificate's owner signed."""
    key = _certificate(certificate.certificate).public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError("a certificate without an RSA key was registered")
    return key


def thumbprint_of(certificate: Certificate, algorithm: hashes.HashAlgorithm) -> str:
    """Return a thumbprint as a JWT's header has it: base64url without padding (RFC 7515, section 4.1.7)."""
    return urlsafe_b64encode(_certificate(certificate.certificate).fingerprint(algorithm)).decode().rstrip("=")
