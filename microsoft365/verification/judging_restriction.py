"""What keeps the application to the rooms in Exchange, judged as an administrator's identity saw it. Pure.

Owns policies, assignments and groups of *this* client id; what other applications have is nobody's business here. Says
also why a mailbox is, or is not, covered, for the findings about mailboxes.
"""

from collections.abc import Iterable, Sequence

from microsoft365.exchange.observed import RESTRICT, Policy
from microsoft365.exchange.rbac_observed import ROLE, Assignment
from microsoft365.verification.as_administrator import AsAdministrator, Circle
from microsoft365.verification.report import Finding
from microsoft365.verification.subject import Subject
from microsoft365.verification.symptoms import counted
from microsoft365.verification.symptoms_restriction import RESTRICTION

EVERY_APPLICATION = "*"


def judge_restriction(subject: Subject, admin: AsAdministrator) -> list[Finding]:
    """Return what is wrong, or worth knowing, or that it is right."""
    section = "policies" if subject.access == "policy" else "rbac"
    findings = _of_policies(subject, admin) if subject.access == "policy" else _of_rbac(subject, admin)
    if subject.access == "policy" and "rbac" not in admin.unread:
        findings += _assignments_in_policy(admin.assignments)
    if subject.access == "rbac" and "policies" not in admin.unread:
        findings += [
            RESTRICTION["policy-without-effect"].found(group=_group_name(policy), identity=policy.identity)
            for policy in _own(subject, admin.policies)
        ]
    findings += _strangers(subject, admin)
    if section not in admin.unread and not any(finding.status == "failed" for finding in findings):
        findings.append(RESTRICTION["restriction-right"].found(by=_by(subject, admin)))
    return findings


def is_restricted(subject: Subject, admin: AsAdministrator) -> bool:
    """Tell whether a policy keeps the application to a group, so that a grant opens that alone; not known counts as no."""
    return "policies" not in admin.unread and bool(_restricting(subject, admin.policies))


def why_not_covered(subject: Subject, admin: AsAdministrator) -> str:
    """Return why Exchange's own test refuses a room."""
    if ("policies" if subject.access == "policy" else "rbac") in admin.unread:
        return "why could not be read (see Restriction in Exchange)"
    if subject.access == "policy":
        policies = _restricting(subject, admin.policies)
        if not policies:
            return "a policy that denies holds it, or one for all applications lets others only"
        circle = admin.circle_of(policies[0].group_object_id)
        if circle is None:
            return f"the policy's group does not exist any more ({_group_name(policies[0])})"
        return f"it is not in the group {circle.name}: a new room, or one that somebody took out"
    if admin.principal is None:
        return "Exchange does not know the application's service principal"
    if _is_wrong_principal(admin):
        return "Exchange's service principal is not the enterprise application (see Restriction in Exchange)"
    ours = [one for one in admin.assignments if one.enabled and one.role.casefold() == ROLE.casefold()]
    if not ours:
        return "no role assignment gives the application the rooms' calendars"
    if ours[0].kind == "group":
        return f"it is not a direct member of the group {ours[0].scope}: a new room, or one that somebody took out"
    return f"the filter of the scope {ours[0].scope} does not match it"


def why_covered(subject: Subject, admin: AsAdministrator) -> tuple[str, str]:
    """Return why Exchange's own test lets the application at the control mailbox, and what ends it."""
    if ("policies" if subject.access == "policy" else "rbac") in admin.unread:
        return "why could not be read (see Restriction in Exchange)", f"{subject.up}; then ask again"
    if subject.access == "policy":
        policies = _restricting(subject, admin.policies)
        if not policies:
            return "no application access policy keeps the application to anything", f"{subject.up} makes the policy"
        names = ", ".join(sorted({_group_name(policy) for policy in policies}))
        why = f"it is in a group that a policy of the application points at ({names}), itself or by another group in it"
        return why, f"take it out: Remove-DistributionGroupMember; or {subject.up}, which does with group.members exact"
    given = [one for one in admin.assignments if one.enabled]
    whole = next((one for one in given if one.kind == "none"), None)
    if whole is not None:
        return f"the assignment {whole.name} reaches the whole organization", f"take it away: {whole.removal}"
    scopes = ", ".join(sorted({one.scope for one in given})) or "unknown"
    why = f"the scope or group of an assignment holds it ({scopes})"
    return why, f"{subject.up} makes the scope as declared; by hand: Set-ManagementScope, or take it out of the group"


# -- application access policies ------------------------------------------------------------------------------------------


def _of_policies(subject: Subject, admin: AsAdministrator) -> list[Finding]:
    if "policies" in admin.unread:
        return []
    findings: list[Finding] = []
    restricting = _restricting(subject, admin.policies)
    ours = [policy for policy in restricting if _is_ours(subject, policy)]
    if not restricting:
        findings.append(RESTRICTION["policy-missing"].found(up=subject.up))
    for policy in restricting:
        if not ours:
            # Nobody may be told to remove what alone keeps calendars closed.
            findings.append(RESTRICTION["policy-without-mark"].found(group=_group_name(policy), up=subject.up))
        elif policy not in ours:
            findings.append(RESTRICTION["policy-of-others"].found(group=_group_name(policy), identity=policy.identity))
        elif "groups" not in admin.unread and admin.circle_of(policy.group_object_id) is None:
            findings.append(RESTRICTION["policy-group-gone"].found(group=_group_name(policy), up=subject.up))
    for policy in admin.policies:
        if policy.app_id not in (subject.client_id, EVERY_APPLICATION):
            continue
        facts = {"group": _group_name(policy), "identity": policy.identity}
        if not _restricts(policy):
            whom = "all applications" if policy.app_id == EVERY_APPLICATION else "the application"
            findings.append(RESTRICTION["policy-denies"].found(whom=whom, **facts))
        elif policy.app_id == EVERY_APPLICATION:
            findings.append(RESTRICTION["policy-for-everyone"].found(**facts))
    return findings


def _own(subject: Subject, policies: Iterable[Policy]) -> list[Policy]:
    return [policy for policy in policies if policy.app_id == subject.client_id]


def _restricts(policy: Policy) -> bool:
    return policy.access_right.casefold() == RESTRICT


def _restricting(subject: Subject, policies: Iterable[Policy]) -> list[Policy]:
    return [policy for policy in _own(subject, policies) if _restricts(policy)]


def _is_ours(subject: Subject, policy: Policy) -> bool:
    """Tell whether the policy is the stack's; without a stack every policy of the application is as good as another."""
    return subject.stack is None or (policy.mark is not None and policy.mark.stack == subject.mark)


def _group_name(policy: Policy) -> str:
    return policy.scope_name or policy.group_object_id


# -- RBAC for Applications ------------------------------------------------------------------------------------------------


def _of_rbac(subject: Subject, admin: AsAdministrator) -> list[Finding]:
    if "rbac" in admin.unread:
        return []
    if admin.principal is None:
        return [RESTRICTION["principal-missing"].found(up=subject.up)]
    findings: list[Finding] = []
    if _is_wrong_principal(admin):
        is_registration = admin.principal.object_id == (subject.application_object_id or "").casefold()
        which = (
            "it is the object id of the app registration"
            if is_registration
            else "the application was made anew, or the id of something else was taken"
        )
        findings.append(
            RESTRICTION["principal-of-registration"].found(
                found=admin.principal.object_id, wanted=admin.principal_id, which=which, up=subject.up
            )
        )
    ours = [one for one in admin.assignments if _is_our_assignment(subject, one)]
    if not any(one.enabled and one.kind != "none" for one in ours):
        findings.append(RESTRICTION["assignment-missing"].found(up=subject.up))
    findings += _without_scope(admin.assignments)
    others = [one for one in admin.assignments if one not in ours and one.kind != "none"]
    findings += [_other(one) for one in others]
    findings += _scopes_not_understood(admin, ours)
    return findings


def _assignments_in_policy(assignments: Sequence[Assignment]) -> list[Finding]:
    """Return what an application of the model `policy` has in RBAC: whatever it is, it adds to what it reaches."""
    return [*_without_scope(assignments), *(_other(one) for one in assignments if one.kind != "none")]


def _without_scope(assignments: Iterable[Assignment]) -> list[Finding]:
    return [
        RESTRICTION["assignment-without-scope"].found(role=one.role, name=one.name, removal=one.removal)
        for one in assignments
        if one.kind == "none"
    ]


def _other(one: Assignment) -> Finding:
    return RESTRICTION["assignment-of-others"].found(
        role=one.role, scope=f"the {one.kind} {one.scope}", name=one.name, removal=one.removal
    )


def _is_our_assignment(subject: Subject, one: Assignment) -> bool:
    if one.role.casefold() != ROLE.casefold():
        return False
    return subject.stack is None or (one.mark is not None and one.mark.belongs_to(subject.mark))


def _is_wrong_principal(admin: AsAdministrator) -> bool:
    return (
        admin.principal is not None
        and admin.principal_id is not None
        and admin.principal.object_id != admin.principal_id
    )


def _scopes_not_understood(admin: AsAdministrator, assignments: Iterable[Assignment]) -> list[Finding]:
    names = {one.scope.casefold() for one in assignments if one.kind == "scope"}
    return [
        RESTRICTION["scope-not-understood"].found(scope=scope.name, text=scope.text)
        for scope in admin.scopes
        if names & {scope.name.casefold(), scope.guid} and scope.key is None
    ]


# -- both -----------------------------------------------------------------------------------------------------------------


def _strangers(subject: Subject, admin: AsAdministrator) -> list[Finding]:
    """Return the groups in reach that hold what is no room; in `rbac` only those that an assignment points at."""
    findings = []
    for circle in _circles_in_reach(subject, admin):
        strangers = sorted(member.address for member in circle.members if not member.is_resource)
        if strangers:
            findings.append(RESTRICTION["strangers-in-reach"].found(strangers, group=circle.name, up=subject.up))
    return findings


def _circles_in_reach(subject: Subject, admin: AsAdministrator) -> list[Circle]:
    identities = [one.scope for one in admin.assignments if one.kind == "group" and one.enabled]
    if subject.access == "policy":
        identities += [policy.group_object_id for policy in _restricting(subject, admin.policies)]
    found = {id(circle): circle for circle in map(admin.circle_of, identities) if circle is not None}
    return list(found.values())


def _by(subject: Subject, admin: AsAdministrator) -> str:
    """Return in a sentence what keeps the application to the rooms."""
    if subject.access == "policy":
        policy = _restricting(subject, admin.policies)[0]
        circle = admin.circle_of(policy.group_object_id)
        members = "" if circle is None else f" ({counted(len(circle.members), 'member')})"
        return f"an application access policy keeps it to the group {_group_name(policy)}{members}"
    one = next(each for each in admin.assignments if _is_our_assignment(subject, each))
    return f"{one.role} over the {one.kind} {one.scope}, and nothing else"
