"""What applications, service principals and grants look like in Graph's JSON, and which properties a caller may write.

Source: Microsoft Graph v1.0 reference, resource types application, servicePrincipal, passwordCredential and
appRoleAssignment.
"""

from copy import deepcopy
from typing import Any

from simulator import moments
from simulator.graph import errors
from simulator.graph.credentials import certificate_document
from simulator.records import Application, Grant, Password, ServicePrincipal
from simulator.tenant import Tenant

Document = dict[str, Any]

APPLICATION_DEFAULTS: Document = {
    "addIns": [],
    "api": {
        "acceptMappedClaims": None,
        "knownClientApplications": [],
        "requestedAccessTokenVersion": None,
        "oauth2PermissionScopes": [],
        "preAuthorizedApplications": [],
    },
    "appRoles": [],
    "description": None,
    "displayName": None,
    "groupMembershipClaims": None,
    "identifierUris": [],
    "info": {
        "logoUrl": None,
        "marketingUrl": None,
        "privacyStatementUrl": None,
        "supportUrl": None,
        "termsOfServiceUrl": None,
    },
    "isDeviceOnlyAuthSupported": None,
    "isFallbackPublicClient": None,
    "keyCredentials": [],
    "notes": None,
    "oauth2RequirePostResponse": False,
    "optionalClaims": None,
    "parentalControlSettings": {"countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow"},
    "publicClient": {"redirectUris": []},
    "requiredResourceAccess": [],
    "samlMetadataUrl": None,
    "serviceManagementReference": None,
    "signInAudience": "AzureADMyOrg",
    "spa": {"redirectUris": []},
    "tags": [],
    "tokenEncryptionKeyId": None,
    "web": {
        "homePageUrl": None,
        "logoutUrl": None,
        "redirectUris": [],
        "implicitGrantSettings": {"enableAccessTokenIssuance": False, "enableIdTokenIssuance": False},
        "redirectUriSettings": [],
    },
}
"""The writable properties of an application and what they are when nobody said."""

SERVICE_PRINCIPAL_DEFAULTS: Document = {
    "accountEnabled": True,
    "addIns": [],
    "alternativeNames": [],
    "appRoleAssignmentRequired": False,
    "description": None,
    "displayName": None,
    "homepage": None,
    "keyCredentials": [],
    "loginUrl": None,
    "logoutUrl": None,
    "notes": None,
    "notificationEmailAddresses": [],
    "preferredSingleSignOnMode": None,
    "preferredTokenSigningKeyThumbprint": None,
    "replyUrls": [],
    "samlMetadataUrl": None,
    "samlSingleSignOnSettings": None,
    "tags": [],
    "tokenEncryptionKeyId": None,
}
"""The writable properties of a service principal and what they are when nobody said."""


def merged(properties: Document, changes: Document, defaults: Document, kind: str) -> Document:
    """Return properties with changes; an explicit null sets a property back to its default.

    Raises GraphError for a value of another JSON type than the property has.
    """
    for name, value in changes.items():
        default = defaults[name]
        if value is not None and default is not None and not isinstance(value, type(default)):
            raise errors.bad_request(f"Invalid value specified for property '{name}' of resource '{kind}'.")
    return {name: value for name, value in {**properties, **changes}.items() if value is not None}


def password_document(password: Password, secret: str | None = None) -> Document:
    """Return a password; its value only in the one answer to addPassword."""
    return {
        "customKeyIdentifier": None,
        "displayName": password.display_name,
        "endDateTime": moments.seconds(password.end_date_time),
        "hint": password.hint,
        "keyId": password.key_id,
        "secretText": secret,
        "startDateTime": moments.seconds(password.start_date_time),
    }


def application_document(tenant: Tenant, application: Application, *, with_keys: bool = False) -> Document:
    """Return an application with all of its properties; certificates' own content only `with_keys`."""
    deleted = application.deleted_date_time
    return {
        "id": application.id,
        "deletedDateTime": moments.seconds(deleted) if deleted else None,
        "appId": application.app_id,
        "applicationTemplateId": None,
        "disabledByMicrosoftStatus": None,
        "createdDateTime": moments.seconds(application.created_date_time),
        "publisherDomain": tenant.domains[0],
        "uniqueName": None,
        "certification": None,
        "defaultRedirectUri": None,
        "nativeAuthenticationApisEnabled": None,
        "requestSignatureVerification": None,
        "servicePrincipalLockConfiguration": None,
        "verifiedPublisher": {"displayName": None, "verifiedPublisherId": None, "addedDateTime": None},
        **deepcopy(APPLICATION_DEFAULTS),
        **deepcopy(application.properties),
        "keyCredentials": [certificate_document(each, with_key=with_keys) for each in application.certificates],
        "passwordCredentials": [password_document(password) for password in application.passwords],
    }


def service_principal_document(tenant: Tenant, principal: ServicePrincipal) -> Document:
    """Return a service principal with all of its properties."""
    deleted = principal.deleted_date_time
    application = next((a for a in tenant.applications if a.app_id == principal.app_id), None)
    app_roles = deepcopy(application.properties.get("appRoles", [])) if application else []
    name = application.properties.get("displayName") if application else principal.properties.get("displayName")
    for role in principal.app_roles:
        app_roles.append(
            {
                "allowedMemberTypes": ["Application"],
                "description": role.display_name,
                "displayName": role.display_name,
                "id": role.id,
                "isEnabled": True,
                "origin": "Application",
                "value": role.value,
            }
        )
    return {
        "id": principal.id,
        "deletedDateTime": moments.seconds(deleted) if deleted else None,
        "appDescription": None,
        "appDisplayName": name,
        "appId": principal.app_id,
        "applicationTemplateId": None,
        "appOwnerOrganizationId": principal.owner_organization_id,
        "createdDateTime": moments.seconds(principal.created_date_time),
        "disabledByMicrosoftStatus": None,
        "oauth2PermissionScopes": [],
        "passwordCredentials": [],
        "resourceSpecificApplicationPermissions": [],
        "servicePrincipalNames": [principal.app_id],
        "servicePrincipalType": "Application",
        "signInAudience": application.properties.get("signInAudience", "AzureADMyOrg")
        if application
        else "AzureADMultipleOrgs",
        "info": deepcopy(APPLICATION_DEFAULTS["info"]),
        "verifiedPublisher": {"displayName": None, "verifiedPublisherId": None, "addedDateTime": None},
        **deepcopy(SERVICE_PRINCIPAL_DEFAULTS),
        **deepcopy(principal.properties),
        "appRoles": app_roles,
    }


def grant_document(tenant: Tenant, grant: Grant) -> Document:
    """Return an app role assignment."""
    principal, resource = tenant.service_principal(grant.principal_id), tenant.service_principal(grant.resource_id)
    return {
        "id": grant.id,
        "deletedDateTime": None,
        "appRoleId": grant.app_role_id,
        "createdDateTime": moments.seconds(grant.created_date_time),
        "principalDisplayName": principal.properties.get("displayName") if principal else None,
        "principalId": grant.principal_id,
        "principalType": "ServicePrincipal",
        "resourceDisplayName": resource.properties.get("displayName") if resource else None,
        "resourceId": grant.resource_id,
    }
