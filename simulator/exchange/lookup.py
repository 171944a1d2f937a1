"""Identities: from what a caller wrote to the one recipient that is meant."""

from simulator.exchange import errors, replication
from simulator.records import Group, Mailbox
from simulator.tenant import Recipient, Tenant


def _one(tenant: Tenant, named: list[Recipient], identity: str) -> Recipient:
    groups = replication.found(tenant, [each for each in named if isinstance(each, Group)])
    found = [each for each in named if isinstance(each, Mailbox) or each in groups]
    if not found:
        raise errors.not_found(identity)
    if len({recipient.guid for recipient in found}) > 1:
        raise errors.ambiguous(identity)
    return found[0]


def recipient(tenant: Tenant, identity: str) -> Recipient:
    """Return the mailbox or group.  Raises ExchangeError."""
    return _one(tenant, tenant.find_recipients(identity), identity)


def recipient_or_display_name(tenant: Tenant, identity: str) -> Recipient:
    """Return the recipient; the cmdlets of application access policies take a display name too.  Raises ExchangeError."""
    every: list[Recipient] = [*tenant.mailboxes, *tenant.groups]
    named = [each for each in every if each.display_name.casefold() == identity.casefold()]
    return _one(tenant, tenant.find_recipients(identity) or named, identity)


def mailbox(tenant: Tenant, identity: str) -> Mailbox:
    """Return the mailbox.  Raises ExchangeError, also for a group, and for a mailbox that is not in Exchange Online."""
    named = [r for r in tenant.find_recipients(identity) if isinstance(r, Mailbox) and not r.lives_on_premises]
    found = _one(tenant, [*named], identity)
    if not isinstance(found, Mailbox):
        raise errors.not_found(identity)
    return found


def group(tenant: Tenant, identity: str) -> Group:
    """Return the group.  Raises ExchangeError, also for a mailbox."""
    found = _one(tenant, [r for r in tenant.find_recipients(identity) if isinstance(r, Group)], identity)
    if not isinstance(found, Group):
        raise errors.not_found(identity)
    return found


def group_to_change(tenant: Tenant, identity: str, cmdlet: str, *, bypass: bool) -> Group:
    """Return a group that the caller may write.  Raises ExchangeError.

    An application is never a group's owner, so without BypassSecurityGroupManagerCheck it may write none.
    """
    found = group(tenant, identity)
    if found.is_dir_synced:
        raise errors.synchronized(cmdlet, found.name)
    if not bypass:
        raise errors.not_manager()
    return found
