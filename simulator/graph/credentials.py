"""An application's certificates (keyCredentials).

Owns what may be registered and how Graph shows it.  Refuses to own client secrets (applications.py), trust in other
issuers (federated.py) and what a certificate is worth at sign-in (login/certificates.py).
Source: Microsoft Graph v1.0 reference, keyCredential; "Add a certificate to an app using Microsoft Graph".
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from simulator import keycredentials, moments
from simulator.graph import errors
from simulator.records import Certificate
from simulator.tenant import new_id

Document = dict[str, Any]

PROPERTIES = {
    "@odata.type",
    "customKeyIdentifier",
    "displayName",
    "endDateTime",
    "key",
    "keyId",
    "startDateTime",
    "type",
    "usage",
}


def certificates(wanted: object, present: list[Certificate], now: datetime) -> list[Certificate]:
    """Return the certificates that a body's `keyCredentials` leaves: the list replaces what was there.

    An entry with the id of a certificate that is there keeps it, and needs no key.  Raises GraphError.
    """
    if wanted is None:
        return []
    if not isinstance(wanted, list) or not all(isinstance(entry, dict) for entry in wanted):
        raise errors.bad_request("Invalid value specified for property 'keyCredentials' of resource 'Application'.")
    known = {certificate.key_id: certificate for certificate in present}
    kept = [_certificate(entry, known, now) for entry in wanted]
    if len({certificate.key_id for certificate in kept}) < len(kept):
        raise _invalid("keyId")
    return kept


def certificate_document(certificate: Certificate, *, with_key: bool) -> Document:
    """Return a certificate; its `key` only for `$select=keyCredentials` of one object."""
    return {
        "customKeyIdentifier": certificate.thumbprint,
        "displayName": certificate.display_name,
        "endDateTime": moments.seconds(certificate.end_date_time),
        "key": certificate.certificate if with_key else None,
        "keyId": certificate.key_id,
        "startDateTime": moments.seconds(certificate.start_date_time),
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
    }


def _certificate(entry: Document, known: dict[str, Certificate], now: datetime) -> Certificate:
    _check_form(entry)
    key_id = _key_id(entry)
    if key_id in known and entry.get("key") is None:
        return known[key_id]
    for name in ("key", "type", "usage"):
        if not isinstance(entry.get(name), str):
            raise _invalid(name)
    try:
        certificate = keycredentials.read(entry["key"])
    except keycredentials.CertificateRefusedError as error:
        raise _invalid("key") from error
    start, end = moment(entry, "startDateTime"), moment(entry, "endDateTime")
    made = keycredentials.record(certificate, key_id or new_id(), entry.get("displayName"), start, end)
    if made.start_date_time < certificate.not_valid_before_utc:
        raise errors.GraphError(400, "KeyCredentialsInvalidStartDate", "Key credential start date is invalid.")
    if not max(made.start_date_time, now) < made.end_date_time <= certificate.not_valid_after_utc:
        raise errors.GraphError(400, "KeyCredentialsInvalidEndDate", "Key credential end date is invalid.")
    if entry.get("customKeyIdentifier") not in (None, made.thumbprint):
        raise errors.not_imitated("a customKeyIdentifier other than the certificate's thumbprint")
    return made


def _check_form(entry: Document) -> None:
    for name, value in entry.items():
        if name not in PROPERTIES:
            raise errors.bad_request(f"Invalid property '{name}'.")
        if value is not None and not isinstance(value, str):
            raise _invalid(name)
    for name, imitated in (("type", "AsymmetricX509Cert"), ("usage", "Verify")):
        if entry.get(name, imitated) not in (None, imitated):
            raise errors.not_imitated(f"a keyCredential of the {name} '{entry[name]}'; it knows {imitated}")


def _key_id(entry: Document) -> str | None:
    text = entry.get("keyId")
    if text is None:
        return None
    try:
        return str(UUID(text))
    except ValueError as error:
        raise _invalid("keyId") from error


def _invalid(name: str) -> errors.GraphError:
    return errors.bad_request(f"Invalid value specified for property '{name}' of resource 'KeyCredential'.")


def moment(values: Document, name: str) -> datetime | None:
    """Return the moment that a property holds, if it does.  Raises GraphError."""
    text = values.get(name)
    if text is None:
        return None
    try:
        return moments.parse(text)
    except (AttributeError, ValueError) as error:
        raise errors.bad_request(f"Cannot convert the value '{text}' of '{name}' to Edm.DateTimeOffset.") from error
