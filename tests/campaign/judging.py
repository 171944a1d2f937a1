"""What came of a case: pure functions of the tenant's snapshot, the stack's state, and what was printed.

Owns which things are orphans, which printed command ends each of them, and the outcome. Runs nothing.
"""

import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.campaign.likeness import differences, likeness
from tests.support.holdings import Holdings, of_resources, of_snapshot

MOST_AGAIN = 2
"""How many plain runs there may be after the one that was disturbed."""
AT_ONCE, COMMAND, DOCUMENTED, NOT_CONVERGED, NOT_MET = "at once", "command", "documented", "not converged", "not met"
"""Outcomes: the disturbed run itself ended well; a printed command was needed; one that the README's table of errors names; none of
these and two more runs were enough; the request was never made. Between the first two: how many more plain runs it took, as a text."""
README = ((re.compile(r"deleting Application .*404 \(404 Not Found\)"), "pulumi destroy --refresh"),)
"""Errors of README's table that the provider ends with where no program of ours runs, and the command beside each."""

_COMMAND = re.compile(
    r"echo '(?P<document>\{[^']*\})' \| scripts/run (?P<script>client_secret|calendars_consent) remove"
)
_DELETION = re.compile(r"az ad app delete --id (?P<client_id>[0-9a-f-]{36})")
_IMPORT = re.compile(
    r"pulumi import --stack \S+ azuread:index/appRoleAssignment:AppRoleAssignment \S+ \S+ --parent '[^']+' "
    r"--protect=false --generate-code=false"
)


@dataclass(frozen=True)
class Finding:
    """A tenant and a state after a run, against what an undisturbed run leaves."""

    orphans: Holdings
    """In the tenant and not in the state, and not there before the stack was."""
    phantoms: dict[str, int]
    """How much of each kind is in the state and not in the tenant."""
    differences: tuple[str, ...]
    """Where the tenant differs, orphans left out."""
    remedies: Mapping[str, str]
    """What ends each orphan, by its id, of what the last run printed."""

    @property
    def orphan_ids(self) -> set[str]:
        """The ids of all orphans."""
        return set().union(*vars(self.orphans).values())

    @property
    def converged(self) -> bool:
        """Whether nothing is left to do but what commands say that were printed."""
        return not self.differences and not self.phantoms and self.orphan_ids <= set(self.remedies)


def judge(
    wanted: Any,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    resources: Iterable[Mapping[str, Any]],
    printed: str,
) -> Finding:
    """Compare. `before` is the tenant before there was a stack, `wanted` the likeness that an undisturbed run left."""
    held, known, foreign = of_snapshot(after), of_resources(resources), of_snapshot(before)
    orphans = _by_itself(held.without(known).without(foreign), after)
    return Finding(
        orphans,
        known.beyond(held),
        tuple(differences(wanted, likeness(after, orphans))),
        remedies(printed, orphans, after),
    )


def _by_itself(orphans: Holdings, snapshot: Mapping[str, Any]) -> Holdings:
    """Orphans without what goes with an application that is one."""
    lost = [each for each in snapshot["applications"] if each["id"] in orphans.applications]
    client_ids = {each["appId"] for each in lost}
    gone = {each["id"] for each in snapshot["servicePrincipals"] if each["appId"] in client_ids}
    keys = {password["keyId"] for each in lost for password in each["passwords"]}
    return Holdings(orphans.applications, orphans.principals - gone, orphans.grants - gone, orphans.passwords - keys)


def remedies(printed: str, orphans: Holdings, snapshot: Mapping[str, Any]) -> dict[str, str]:
    """The printed command that ends each orphan, by the orphan's id; an orphan without one is missing."""
    found: dict[str, str] = {}
    ids = {each["appId"]: each["id"] for each in snapshot["applications"]}
    for match in _DELETION.finditer(printed):
        identity = ids.get(match["client_id"], "")
        if identity in orphans.applications:
            found[identity] = match.group(0)
    for match in _COMMAND.finditer(printed):
        document = json.loads(match["document"])
        if match["script"] == "client_secret" and document["keyId"] in orphans.passwords:
            found[document["keyId"]] = match.group(0)
        elif match["script"] == "calendars_consent":
            found.update(dict.fromkeys(orphans.grants, match.group(0)))
    for match in _IMPORT.finditer(printed):
        # A snapshot shows no ids of grants: there is one application here, and one grant.
        found.update(dict.fromkeys(orphans.grants, match.group(0)))
    return found


def kind_of(command: str) -> str:
    """A command without what differs from case to case, for record and page."""
    match = _COMMAND.fullmatch(command)
    if any(command == known for _, known in README):
        return command
    if _IMPORT.fullmatch(command):
        return "pulumi import … roomz-consent-grant …"
    if match is None:
        return " ".join([*shlex.split(command)[:-1], "CLIENT_ID"])
    return f"echo … | scripts/run {match['script']} remove"


def documented(printed: str) -> str | None:
    """The command that the README names for an error that was printed."""
    return next((command for error, command in README if error.search(printed)), None)


def outcome(codes: Sequence[int], *, met: bool, converged: bool, by_command: bool, by_page: bool = False) -> str:
    """The word for a case, of its plain runs' exit codes; the first one is the disturbed run's."""
    if not met:
        return NOT_MET
    if not converged:
        return NOT_CONVERGED
    if by_command or by_page:
        return COMMAND if by_command else DOCUMENTED
    return str(len(codes) - 1) if len(codes) > 1 else AT_ONCE
