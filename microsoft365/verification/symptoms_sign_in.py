"""Symptoms of ROOMZ's sign-in, of what the application may do, and of its secrets' dates: their words for people. Pure."""

from microsoft365.verification.symptoms import Symptom, by_name

_VALUE = (
    "take the Value: pulumi stack output clientSecret --show-secrets{of_stack}, and type it into the ROOMZ Portal anew. "
    "Microsoft's page Certificates & secrets shows a Value once, when it is made"
)
_PERMISSIONS = "Entra ID > Enterprise applications > the application > Permissions"

SIGN_IN = by_name(
    Symptom("secret-accepted", "signIn", "passed", "the secret is accepted{which}"),
    Symptom(
        "secret-ended",
        "signIn",
        "failed",
        "the secret has ended (AADSTS7000222)",
        "a client secret ends without a message to anybody, and from then on every display stands still",
        "{up} issues the next generation; then hand it over: scripts/run hand_over show{of_stack}",
    ),
    Symptom(
        "secret-id-instead-of-value",
        "signIn",
        "failed",
        "what was given is a Secret ID, not the secret's Value (AADSTS7000215)",
        "Microsoft's page shows the two beside each other, and only the Value signs in",
        _VALUE,
    ),
    Symptom(
        "secret-unknown",
        "signIn",
        "failed",
        "the application does not have this secret (AADSTS7000215)",
        "it was removed or revoked, is of an older generation or of another application, or was cut off when it was copied",
        _VALUE,
    ),
    Symptom(
        "secret-too-new",
        "signIn",
        "pending",
        "the secret was issued {age} ago, and sign-in does not know it yet (AADSTS7000215)",
        "a new secret counts once Microsoft's sign-in has heard of it: seconds as a rule, a minute at times",
        "ask again in a minute, or let it wait: --wait 5",
    ),
    Symptom(
        "application-unknown",
        "signIn",
        "failed",
        "there is no application {client_id} in the tenant {tenant_id} (AADSTS700016)",
        "it was deleted, or the ids belong to another tenant",
        "restore it within 30 days of its deletion: Entra ID > App registrations > Deleted applications; else {up} makes "
        "another, and everything is handed over anew",
    ),
    Symptom(
        "application-disabled",
        "signIn",
        "failed",
        "the application is disabled in this tenant (AADSTS7000112)",
        "somebody switched off sign-in for it",
        "switch it on: Entra ID > Enterprise applications > the application > Properties > Enabled for users to sign-in",
    ),
    Symptom(
        "blocked-by-conditional-access",
        "signIn",
        "failed",
        "a Conditional Access policy blocks the sign-in (AADSTS53003)",
        "the tenant allows applications to sign in from some places only, and this is none of them",
        "Entra ID > Protection > Conditional Access: exclude the application, or add where ROOMZ and this machine sign in from",
    ),
    Symptom(
        "sign-in-refused",
        "signIn",
        "failed",
        "Microsoft refuses the sign-in: {said}",
        "no cause that is known here",
        "look the code up: https://learn.microsoft.com/entra/identity-platform/reference-error-codes",
    ),
)

PERMISSIONS = by_name(
    Symptom("permissions-right", "permissions", "passed", "{held}"),
    Symptom(
        "role-missing",
        "permissions",
        "failed",
        "the token does not carry Calendars.ReadWrite",
        "the grant (admin consent) is missing{or_new}",
        "{consent}; by hand: " + _PERMISSIONS + " > Grant admin consent",
    ),
    Symptom(
        "consent-waits",
        "permissions",
        "failed",
        "a person has to consent to Calendars.ReadWrite: the token does not carry it",
        "roomz:consent is `admin`, so that the stack grants nothing; nobody has consented yet, or somebody revoked it{or_new}",
        "{consent}",
    ),
    Symptom(
        "grant-gone",
        "permissions",
        "failed",
        "Calendars.ReadWrite is not granted any more, and tokens still carry it",
        "somebody revoked the grant; tokens that were issued before live on for about an hour, then every display stands still",
        "if it was not meant: {consent}",
    ),
    Symptom(
        "role-too-new",
        "permissions",
        "pending",
        "Calendars.ReadWrite is granted, and a new token does not carry it yet",
        "roles are written into a token when it is issued, and sign-in hears of a new grant within minutes",
        "ask again in some minutes, or let it wait: --wait 15; ROOMZ gets a new token within about an hour",
    ),
    Symptom(
        "grant-beside-rbac",
        "permissions",
        "failed",
        "{roles} granted in Microsoft Entra: every calendar of the tenant is open",
        "somebody pressed Grant admin consent, or a former set-up left it; a grant in Entra and a role in Exchange add up, so "
        "the scope keeps nothing closed",
        "revoke it now: "
        + _PERMISSIONS
        + "; `pulumi preview` prints the command. Tokens that were issued before live on for "
        "about an hour",
    ),
    Symptom(
        "grants-beyond-calendars",
        "permissions",
        "failed",
        "it holds more than it needs: {roles}",
        "somebody granted it, or the registration served something else before; the restriction to the rooms covers "
        "calendars, mail and contacts, and nothing else",
        "revoke it: " + _PERMISSIONS + ", and take it out of App registrations > the application > API permissions",
    ),
    Symptom(
        "token-unreadable",
        "permissions",
        "skipped",
        "the permissions that ROOMZ's token carries",
        "the token is in no form that can be read",
        "",
    ),
    Symptom("grants-unread", "permissions", "skipped", "the grants in Microsoft Entra", "{why}", "{how}"),
)

_NOBODY_IS_TOLD = "a client secret ends without a message to anybody, and then every display stands still"
_BY_A_PERSON = "the ROOMZ Portal has no interface for programs: a person brings the newest secret there, and records it"

HAND_OVER = by_name(
    Symptom("hand-over-pending", "handOver", "noted", "{said}", _BY_A_PERSON, "{how}"),
    Symptom("hand-over-overdue", "handOver", "failed", "{said}", _BY_A_PERSON, "{how}"),
    Symptom("renewal-due", "handOver", "noted", "{said}", _NOBODY_IS_TOLD, "{how}"),
    Symptom("renewal-overdue", "handOver", "failed", "{said}", _NOBODY_IS_TOLD, "{how}"),
)
