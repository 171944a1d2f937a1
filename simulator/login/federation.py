"""Sign-in by federation: another issuer's token, traded for one of the application that trusts it.

Sources: Microsoft Learn, "Workload identity federation concepts"; "Important considerations and restrictions for
federated identity credentials" (the comparison is case-sensitive, RS256 only).
Owns the comparison with an application's federated identity credentials.
"""

from datetime import datetime

from simulator import pipeline, tokens
from simulator.kernel import Simulator
from simulator.login import assertionerrors
from simulator.login.assertions import Assertion
from simulator.records import Application, FederatedCredential

ALGORITHM = "RS256"


def is_foreign(assertion: Assertion) -> bool:
    """Tell whether another issuer made the assertion: issuers are addresses, an application's own name is a GUID."""
    return assertion.issuer.startswith("https://")


def check(simulator: Simulator, application: Application, assertion: Assertion, now: datetime) -> None:
    """Raise LoginError unless the application trusts the token's issuer, for this subject and audience."""
    if assertion.algorithm != ALGORITHM:
        raise assertionerrors.unsupported_algorithm(assertion.algorithm, (ALGORITHM,))
    _check_trust(application.federated_credentials, assertion)
    if assertion.issuer != pipeline.ISSUER:
        # Microsoft fetches an issuer's keys from its address; the simulator reaches no network.
        raise assertionerrors.issuer_unreachable()
    issuer = simulator.pipeline
    known = assertion.header.get("kid") == issuer.key_id
    if not known or not assertion.signed_by(tokens.public_key(issuer.key)):
        raise assertionerrors.wrong_foreign_signature()
    assertion.check_time(now)


def _check_trust(credentials: list[FederatedCredential], assertion: Assertion) -> None:
    """Raise the LoginError of the first part that no credential has: issuer, subject, audience."""
    if not credentials:
        raise assertionerrors.no_federated_credential(assertion.issuer, assertion.subject, assertion.audience)
    of_issuer = [each for each in credentials if each.issuer == assertion.issuer]
    if not of_issuer:
        raise assertionerrors.unknown_issuer(assertion.issuer)
    of_subject = [each for each in of_issuer if each.subject == assertion.subject]
    if not of_subject:
        if any(each.subject.casefold() == assertion.subject.casefold() for each in of_issuer):
            raise assertionerrors.subject_in_another_case(assertion.subject)
        raise assertionerrors.unknown_subject(assertion.subject)
    if not any(assertion.audience in each.audiences for each in of_subject):
        raise assertionerrors.unknown_audience(assertion.audience)
