"""What was read of RBAC for Applications, reduced to what decisions need. Pure data; rbac_reading.py fills it."""

from dataclasses import dataclass
from typing import Literal

from microsoft365.exchange import filters
from microsoft365.exchange.rbac_names import Name

# "Role Based Access Control for Applications in Exchange Online", supported application roles.
ROLE = "Application Calendars.ReadWrite"

ScopeKind = Literal["scope", "group", "none"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Exchange's own copy of a service principal. Ids are in lower case; `object_id` is the enterprise application's."""

    object_id: str
    app_id: str
    display_name: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """A management scope over recipients. `text` is its filter as Exchange shows it."""

    guid: str
    name: str
    text: str

    @property
    def key(self) -> filters.Key | None:
        """The filter's normal form; None where it is in no form that is understood here."""
        try:
            return filters.parse_scope(self.text).key
        except filters.FilterError:
            return None

    @property
    def holds_resources_alone(self) -> bool:
        """True where the filter is understood, and matches resource mailboxes and nobody else."""
        try:
            return filters.reaches_resources_alone(filters.parse_scope(self.text))
        except filters.FilterError:
            return False

    @property
    def mark(self) -> Name | None:
        """What its name says of whose it is; None where it is nobody's of ours."""
        return Name.read(self.name)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A management role that somebody has.

    `kind` says what narrows it: a management scope or a group, by the name in `scope`; `none` is the whole organization,
    or whatever else is not known here. `assignee` is all by which Exchange names who has it, in lower case.
    """

    guid: str
    name: str
    role: str
    kind: ScopeKind
    scope: str = ""
    enabled: bool = True
    to_application: bool = True
    assignee: frozenset[str] = frozenset()

    @property
    def mark(self) -> Name | None:
        """What its name says of whose it is; None where it is nobody's of ours."""
        return Name.read(self.name)

    def points_at_group(self, *identities: str) -> bool:
        """Tell whether a group narrows it, by the group's name or ids.

        Exchange shows a group by its name, which no other has; it keeps a reference, so that a renaming changes nothing.
        """
        return self.kind == "group" and self.scope.casefold() in {one.casefold() for one in identities}

    def points_at_scope(self, scope: Scope) -> bool:
        """Tell whether a management scope narrows it; Exchange shows it by its name, and keeps a reference."""
        return self.kind == "scope" and self.scope.casefold() in (scope.name.casefold(), scope.guid)

    @property
    def reads_calendars(self) -> bool:
        """Tell whether it lets the application at calendars: by its role's name, or because it is ours."""
        role = self.role.casefold()
        return self.enabled and ("calendars" in role or "exchange full access" in role or self.mark is not None)

    @property
    def removal(self) -> str:
        """The command by which a person takes it away."""
        name = self.name.replace("'", "''")
        if self.to_application:
            return f"Remove-ManagementRoleAssignment -Identity '{name}'"
        return (
            f"Get-ManagementRoleAssignment -Identity '{name}' shows the role group; Remove-RoleGroupMember takes it out"
        )


@dataclass(frozen=True, slots=True)
class Rbac:
    """Everything of RBAC for Applications that concerns our application.

    `customized` is False for an organization that was never customized, which has no scopes or assignments of its own.
    `assignments` are those of `principal`. `reach` are the rooms, by object id, that our own assignment reaches now: empty
    without one, None where it cannot be told.
    """

    customized: bool = True
    principal: Principal | None = None
    scopes: tuple[Scope, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    reach: frozenset[str] | None = frozenset()

    @property
    def former_bases(self) -> frozenset[str]:
        """The marks, as names spell them, that our own assignments carry: a stack that was renamed has another there."""
        return frozenset(one.mark.base for one in self.assignments if one.mark is not None)

    def scope_of(self, assignment: Assignment) -> Scope | None:
        """Return the management scope that an assignment points at; None where it points at none that exists."""
        if assignment.kind != "scope":
            return None
        wanted = assignment.scope.casefold()
        return next((scope for scope in self.scopes if wanted in (scope.name.casefold(), scope.guid)), None)
