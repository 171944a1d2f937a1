"""Symptoms of what keeps the application to the rooms in Exchange, as an administrator's identity sees it. Pure words."""

from microsoft365.verification.symptoms import Symptom, by_name

RESTRICTION = by_name(
    Symptom("restriction-right", "restriction", "passed", "{by}"),
    # -- application access policies
    Symptom(
        "policy-missing",
        "restriction",
        "failed",
        "no application access policy keeps the application to anything: with its grant it reads every calendar",
        "the policy was removed, or never made",
        "{up} makes it; until then take the grant away: Entra ID > Enterprise applications > the application > Permissions",
    ),
    Symptom(
        "policy-group-gone",
        "restriction",
        "failed",
        "the policy points at a group that does not exist any more ({group})",
        "the group was deleted, or made anew, which gives it another id; such a policy refuses every mailbox",
        "{up}",
    ),
    Symptom(
        "policy-of-others",
        "restriction",
        "failed",
        "another application access policy of the application lets it at the group {group} as well",
        "it was made by hand or by another stack; the groups of several policies add up",
        "if it is not needed: Remove-ApplicationAccessPolicy -Identity '{identity}'",
    ),
    Symptom(
        "policy-without-mark",
        "restriction",
        "noted",
        "the policy that keeps it to the group {group} does not carry this stack's mark",
        "it was made by hand, or the stack had another name",
        "{up} marks it, or makes its own; do not remove it by hand, since without it every calendar is open",
    ),
    Symptom(
        "policy-denies",
        "restriction",
        "noted",
        "a policy of {whom} refuses the members of the group {group}, whatever else allows them",
        "a denial is stronger than every permission",
        "if a room is refused by it: Get-ApplicationAccessPolicy -Identity '{identity}'",
    ),
    Symptom(
        "policy-for-everyone",
        "restriction",
        "noted",
        "a policy for all applications lets this one, too, at the group {group}",
        "its AppId is *",
        "whoever made it knows why: Get-ApplicationAccessPolicy -Identity '{identity}'",
    ),
    Symptom(
        "policy-without-effect",
        "restriction",
        "noted",
        "an application access policy of the application is left (group {group}); with rbac it has no effect",
        "policies narrow grants in Microsoft Entra, and there must be none",
        "if nobody needs it: Remove-ApplicationAccessPolicy -Identity '{identity}'",
    ),
    # -- RBAC for Applications
    Symptom(
        "principal-missing",
        "restriction",
        "failed",
        "Exchange does not know the application's service principal, so that no role can reach it",
        "it was removed, or never made: New-ServicePrincipal",
        "{up}",
    ),
    Symptom(
        "principal-of-registration",
        "restriction",
        "failed",
        "Exchange's service principal has the object id {found}, and the enterprise application's is {wanted}",
        "{which}; roles that are given to it reach nothing",
        "{up} makes it anew; by hand take the Object ID of Entra ID > Enterprise applications, not that of App registrations",
    ),
    Symptom(
        "assignment-missing",
        "restriction",
        "failed",
        "no role assignment gives the application the rooms' calendars",
        "it was removed or disabled, or never made",
        "{up}",
    ),
    Symptom(
        "assignment-without-scope",
        "restriction",
        "failed",
        "the role {role} reaches the whole organization (assignment {name})",
        "an assignment without a scope of its own reaches every mailbox",
        "take it away: {removal}",
    ),
    Symptom(
        "assignment-of-others",
        "restriction",
        "failed",
        "the application has the role {role} over {scope} as well (assignment {name})",
        "it was made by hand or by another stack; what several assignments reach adds up",
        "if it is not needed: {removal}",
    ),
    Symptom(
        "scope-not-understood",
        "restriction",
        "noted",
        "the scope {scope} has a filter that is not understood here: {text}",
        "it was written by hand, with properties that a filter of rooms does not need",
        "look whether it matches rooms alone: Get-Recipient -RecipientPreviewFilter",
    ),
    # -- both
    Symptom(
        "strangers-in-reach",
        "restriction",
        "failed",
        "the group {group} holds what is no room: the application reaches it",
        "somebody added it; everybody in the group is in reach",
        "take it out: Remove-DistributionGroupMember -Identity '{group}'; from the stack's own group {up} does, with "
        "group.members exact",
    ),
    Symptom("restriction-unread", "restriction", "skipped", "{what}", "{why}", "{how}"),
)
