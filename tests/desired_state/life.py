"""A stack's whole life below Pulumi, run by an application that deploys with exactly the rights that it is given.

Owns the runs (`steps`): made, changed by others and repaired, renamed, removed, retired and ended, in both access models.
Owns the application that deploys as well: what people do by hand in between is done by the tenant's administrator, and
never counts as the deployer's. No assertion about rights.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from microsoft365.setups import Setup
from tests.desired_state.tenant import MARK, Ended, Tenant

GRAPH = "00000003-0000-0000-c000-000000000000"
CALENDARS = "ef54d2bf-783f-4e0f-bca1-3210c0435d99"
RENAMED = "roomz:roomz/renamed"
DAYS_UNTIL_GONE = 31


@dataclass
class Deployer:
    """An application of the tenant that deploys; `roles` of the token are given and taken by the control API."""

    tenant: Tenant
    client_id: str
    object_id: str
    principal_id: str
    secret: str

    @classmethod
    def register(cls, tenant: Tenant) -> "Deployer":
        """Register it, as docs/permissions.md says, without any right."""
        made = tenant.graph("POST", "/applications", {"displayName": "roomz-deployer"})
        principal = tenant.graph("POST", "/servicePrincipals", {"appId": made["appId"]})
        secret = tenant.graph("POST", f"/applications/{made['id']}/addPassword", {})["secretText"]
        tenant.cmdlet(
            "New-ServicePrincipal", AppId=made["appId"], ObjectId=principal["id"], DisplayName="roomz-deployer"
        )
        deployer = cls(tenant, made["appId"], made["id"], principal["id"], secret)
        deployer.may()
        return deployer

    def may(self, *permissions: str, directory_roles: Sequence[str] = ()) -> None:
        """Give it exactly these application permissions and directory roles, from its next token on."""
        rights = {"appRoles": list(permissions), "directoryRoles": list(directory_roles)}
        path = f"/tenants/{self.tenant.id}/rights/{self.client_id}"
        self.tenant.control.put(path, json=rights).raise_for_status()

    @property
    def variables(self) -> dict[str, str]:
        """What it signs in with."""
        return {"ARM_CLIENT_ID": self.client_id, "ARM_CLIENT_SECRET": self.secret}

    def requests(self) -> list[dict[str, Any]]:
        """What it has asked of the tenant since the log was last cleared."""
        return [entry for entry in self.tenant.requests() if entry.get("callerAppId") == self.client_id]

    def owned_application(self, mark: str) -> dict[str, str]:
        """Register ROOMZ's application with this deployer as owner, as the provider does, with a secret."""
        tenant = self.tenant
        owner = {"owners@odata.bind": [f"{tenant.login_and_graph}/v1.0/directoryObjects/{self.principal_id}"]}
        made = tenant.graph("POST", "/applications", {"displayName": "ROOMZGraph", "notes": mark, **owner})
        principal = tenant.graph("POST", "/servicePrincipals", {"appId": made["appId"], **owner})
        password = tenant.graph("POST", f"/applications/{made['id']}/addPassword", {})
        return {
            "clientId": made["appId"],
            "objectId": made["id"],
            "principalId": principal["id"],
            "keyId": password["keyId"],
        }


@dataclass
class Step:
    """One run of a script: what people did before it, the run, and how it has to end."""

    name: str
    prepare: Callable[[], None]
    run: Callable[[], Ended]
    code: int = 0


class Life:
    """The steps of one stack; each is prepared and run in turn."""

    def __init__(self, tenant: Tenant, deployer: Deployer, setup: Setup) -> None:
        self.tenant, self.deployer, self.setup = tenant, deployer, setup
        self.domain = tenant.administrator["domain"]
        self.application = deployer.owned_application(MARK)
        self.mark = MARK
        self.group: dict[str, Any] | None = {"primarySmtpAddress": self._at("RoomzResources")}
        self.rooms: dict[str, Any] = {}
        self.calendar_on_removal = "keep"
        self.removal = "later"
        if setup == "rbac":
            self.group = None
        elif setup == "rbac-group":
            self.rooms = {"exclude": [self._at("room-eiger")]}
        self.grant = tenant.grant(self.application["principalId"]) if setup == "policy" else ""

    # -- what is asked for ------------------------------------------------------------------------------------------

    def wish(self, *, known: bool = True) -> dict[str, Any]:
        """The desired state as the Pulumi program writes it; the removal's knows no application."""
        application = self.application
        ids = {
            "clientId": application["clientId"],
            "objectId": application["objectId"],
            "servicePrincipalId": application["principalId"],
        }
        return {
            "connection": self.tenant.connection,
            "mark": self.mark,
            "access": "policy" if self.setup == "policy" else "rbac",
            "application": ids if known else {},
            "rooms": self.rooms,
            "group": self.group,
            "calendar": "titles",
            "calendarOnRemoval": self.calendar_on_removal,
            "removal": self.removal,
        }

    def _run(self, *arguments: str, known: bool = True) -> Callable[[], Ended]:
        return lambda: self.tenant.run(*arguments, stdin=self.wish(known=known), variables=self.deployer.variables)

    def _script(self, script: str, **document: Any) -> Callable[[], Ended]:
        wanted = {"connection": self.tenant.connection, **document}
        return lambda: self.tenant.run("remove", script=script, stdin=wanted, variables=self.deployer.variables)

    def _ending(self) -> Callable[[], Ended]:
        connection = self.tenant.connection
        words = ["remove", "--retired", "--mark", self.mark, "--tenant-id", self.tenant.id]
        words += ["--metadata-host", connection["metadataHost"], "--exchange-host", connection["exchangeHost"]]
        words += [] if self.setup == "policy" else ["--access", "rbac"]
        if self.group is not None:
            words += ["--group", self.group["primarySmtpAddress"]]
        return lambda: self.tenant.run(*words, variables=self.deployer.variables)

    # -- the steps --------------------------------------------------------------------------------------------------

    def steps(self) -> Iterator[Step]:
        """Every run, in order. A step is prepared by its own `prepare`, never before the one before it has ended."""
        yield Step("looked at before it exists", _nothing, self._run("observe", known=False))
        yield Step("planned", _nothing, self._run("plan", "--json"))
        yield Step("made", _nothing, self._run("apply"))
        yield Step("looked at", _nothing, self._run("observe"))
        yield Step("one room is set otherwise", self._others_set_a_room, self._run("apply"))
        yield Step("a filter over what Get-Recipient knows", self._filter, self._run("plan"))
        yield Step("another filter", self._other_filter, self._run("plan"))
        if self.group is not None:
            yield Step("a list that names a person", self._list_with_a_person, self._run("plan"), code=2)
        self._as_before()
        if self.group is not None:
            yield from self._group_steps()
        yield from self._policy_steps() if self.setup == "policy" else self._rbac_steps()
        yield Step("the stack is renamed", self._rename_stack, self._run("apply"))
        key = {"applicationObjectId": self.application["objectId"], "keyId": self.application["keyId"]}
        yield Step("a secret is taken away", _nothing, self._script("client_secret", **key))
        yield Step("a secret that is gone already", _nothing, self._script("client_secret", **key))
        yield Step("removed too early", _nothing, self._run("remove", known=False), code=6)
        if self.grant:
            graph = self.tenant.graph("GET", f"/servicePrincipals?$filter=appId eq '{GRAPH}'")["value"][0]["id"]
            grant = f"/servicePrincipals/{graph}/appRoleAssignedTo/{self.grant}"
            yield Step("the grant is taken away", _nothing, self._script("calendars_consent", grant=grant))
        if self.setup != "policy":
            too_early = self._run("remove", known=False)
            yield Step("an enterprise application was left", self._delete_registration_alone, too_early, code=5)
        yield Step("looked at when it is gone", self._delete, self._run("observe"))
        yield Step("retired", _nothing, self._run("remove", known=False))
        yield Step("ended", lambda: self.tenant.advance(24 * DAYS_UNTIL_GONE), self._ending())

    def _group_steps(self) -> Iterator[Step]:
        yield Step("one member more, one less, and shown", self._others_change_the_group, self._run("apply"))
        yield Step("many rooms less", self._fewer_rooms, self._run("apply"))
        yield Step("name, alias and address", self._rename_group, self._run("apply"))

    def _policy_steps(self) -> Iterator[Step]:
        yield Step("the policy is gone", self._others_remove_the_policy, self._run("apply"))
        yield Step("the group is gone", self._others_remove_the_group, self._run("apply"))

    def _rbac_steps(self) -> Iterator[Step]:
        if self.group is None:
            yield Step("other rooms by a filter", self._scope_changes, self._run("apply"))
        yield Step("the assignment points elsewhere", self._others_move_the_assignment, self._run("apply"))
        yield Step("the assignment is disabled", self._others_disable_the_assignment, self._run("apply"))
        yield Step("the service principal was made anew", self._new_principal, self._run("apply"))

    # -- what people do in between ----------------------------------------------------------------------------------

    def _at(self, name: str) -> str:
        return f"{name}@{self.domain}"

    def _by_hand(self, cmdlet: str, **parameters: Any) -> list[dict[str, Any]]:
        return self.tenant.cmdlet(cmdlet, **parameters)

    def _others_set_a_room(self) -> None:
        self._by_hand("Set-CalendarProcessing", Identity=self._at("room-rigi"), DeleteSubject=True, Confirm=False)

    def _filter(self) -> None:
        self.rooms = {"include": {"filter": "City -eq 'Bern' -or Office -eq 'Bern'"}, "maxRemovals": 100}

    def _other_filter(self) -> None:
        self.rooms = {"include": {"filter": "ResourceCapacity -gt 4"}, "maxRemovals": 100}

    def _list_with_a_person(self) -> None:
        self.rooms = {"include": [self._at("room-rigi"), self._at("control.mailbox")], "maxRemovals": 100}

    def _as_before(self) -> None:
        self.rooms = {"exclude": [self._at("room-eiger")]} if self.setup == "rbac-group" else {}

    def _others_change_the_group(self) -> None:
        bypass = {"Identity": self._group_guid(), "BypassSecurityGroupManagerCheck": True, "Confirm": False}
        self._by_hand("Add-DistributionGroupMember", Member=self._at("control.mailbox"), **bypass)
        self._by_hand("Remove-DistributionGroupMember", Member=self._at("room-rigi"), **bypass)
        self._by_hand("Set-DistributionGroup", HiddenFromAddressListsEnabled=False, **bypass)

    def _fewer_rooms(self) -> None:
        kept = [self._at("room-rigi"), self._at("room-pilatus")]
        self.rooms = {"include": kept, "maxRemovals": 100}

    def _rename_group(self) -> None:
        names = {"name": "ROOMZ rooms", "alias": "roomz-rooms", "primarySmtpAddress": self._at("roomz-rooms")}
        self.group = {**(self.group or {}), **names}

    def _others_remove_the_policy(self) -> None:
        policies = self._by_hand("Get-ApplicationAccessPolicy")
        own = next(one for one in policies if one["AppId"].lower() == self.application["clientId"])
        self._by_hand("Remove-ApplicationAccessPolicy", Identity=own["Identity"], Confirm=False)

    def _others_remove_the_group(self) -> None:
        bypass = {"BypassSecurityGroupManagerCheck": True, "Confirm": False}
        self._by_hand("Remove-DistributionGroup", Identity=self._group_guid(), **bypass)

    def _scope_changes(self) -> None:
        self.rooms = {"include": {"filter": "Office -eq 'Bern'"}, "maxRemovals": 100}

    def _others_move_the_assignment(self) -> None:
        self._by_hand(
            "New-ManagementScope", Name="others", RecipientRestrictionFilter="RecipientTypeDetails -eq 'RoomMailbox'"
        )
        self._by_hand(
            "Set-ManagementRoleAssignment", Identity=self._assignment(), CustomResourceScope="others", Confirm=False
        )

    def _others_disable_the_assignment(self) -> None:
        self._by_hand("Set-ManagementRoleAssignment", Identity=self._assignment(), Enabled=False, Confirm=False)

    def _new_principal(self) -> None:
        """Somebody deleted the enterprise application, and `up --refresh` made another one; Exchange kept the former."""
        old = self.application["principalId"]
        display_name = self._by_hand("Get-ServicePrincipal", Identity=old)[0]["DisplayName"]
        (assignment,) = self._by_hand("Get-ManagementRoleAssignment", RoleAssignee=old)
        narrowed = {"CustomResourceScope": assignment["CustomResourceScope"]}
        if self.group is not None:
            narrowed = {"RecipientGroupScope": self._group_guid()}
        self._by_hand("Remove-ManagementRoleAssignment", Identity=assignment["Name"], Confirm=False)
        self._by_hand("Remove-ServicePrincipal", Identity=old, Confirm=False)
        stale = "66666666-7777-4888-9999-aaaaaaaaaaaa"
        self._by_hand(
            "New-ServicePrincipal", AppId=self.application["clientId"], ObjectId=stale, DisplayName=display_name
        )
        self._by_hand(
            "New-ManagementRoleAssignment",
            Name=assignment["Name"],
            Role="Application Calendars.ReadWrite",
            App=stale,
            **narrowed,
        )

    def _rename_stack(self) -> None:
        self.mark = RENAMED
        self.tenant.graph("PATCH", f"/applications/{self.application['objectId']}", {"notes": RENAMED})

    def _delete_registration_alone(self) -> None:
        self.tenant.graph("DELETE", f"/applications/{self.application['objectId']}")
        self.tenant.graph("POST", f"/directory/deletedItems/{self.application['principalId']}/restore")

    def _delete(self) -> None:
        one = ("applications", "objectId") if self.setup == "policy" else ("servicePrincipals", "principalId")
        self.tenant.graph("DELETE", f"/{one[0]}/{self.application[one[1]]}")
        self.calendar_on_removal = "defaults"

    def _group_guid(self) -> str:
        address = (self.group or {})["primarySmtpAddress"]
        return str(self._by_hand("Get-DistributionGroup", Identity=address)[0]["Guid"])

    def _assignment(self) -> str:
        principal = self.application["principalId"]
        return str(self._by_hand("Get-ManagementRoleAssignment", RoleAssignee=principal)[0]["Name"])


def _nothing() -> None:
    """Nobody does anything."""
