"""The stack's outputs, by name, with what each one means.

Owns the names and their meaning; the README's table is made from here, and a test compares it with what the program exports.
The values are made in `connector.py`.
"""

OUTPUTS = {
    "tenantId": "The tenant. Goes into the ROOMZ Portal.",
    "clientId": "The application (client) id. Goes into the ROOMZ Portal.",
    "clientSecret": "**Secret.** The value of the newest client secret. What concerns secrets is left out while none exists. Goes into the ROOMZ Portal: "
    "`pulumi stack output clientSecret --show-secrets`.",
    "secretGeneration": "The number of that secret, from 0.",
    "secretExpiresOn": "When it ends (UTC).",
    "secretRenewsOn": "From when on `pulumi up` issues the next one (UTC).",
    "issuedSecrets": "Every secret that exists: generation to `keyId`, `issuedOn`, `endsOn`, as the provider reported them. No values.",
    "handOver": "Is the newest secret in the ROOMZ Portal? `status` is `done`, `pending` (until the date `by`) or `overdue`.",
    "applicationObjectId": "The object id of the app registration.",
    "servicePrincipalObjectId": "The object id of the enterprise application.",
    "consentUrl": "With `policy`, Microsoft's page where a Privileged Role Administrator consents (`consent: admin`); with `rbac` nobody must. "
    "There from when on the restriction stands.",
    "apiPermissionsUrl": "The page of the application's API permissions in the cloud's portal; the way to it where "
    "`azuread:metadataHost` names another cloud.",
    "access": "How the application is kept to the rooms: `model`; `consent` (`granted`; with `consent: admin` as this run saw it, else "
    "`waiting`; with `rbac` `none`), `consentMode`; `status` (`restricted`; by `runbook` also `waiting`); and the identities of `group` and "
    "`policy`, or of `scope` (or `group`), `assignment` and `servicePrincipal`. By `runbook`, while something is to be done: `runbook`, the "
    "script's `path` and `sha256`.",
    "exchangeRevision": "Moves when Exchange Online differed from what is declared and was repaired; by `runbook`, when another script was "
    "written.",
    "protect": "What `roomz:protect` was in this run; a change counts after the next `up`.",
    "rooms": "How many rooms are wanted (`number`), are in reach (`inReach`) and keep meeting titles (`withTitles`).",
    "connector": "What to choose and type in the ROOMZ Portal, without the secret.",
}
