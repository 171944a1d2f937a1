"""What is wanted in Exchange, as the scripts read it: the configuration's words made into their document.

Owns nothing but the translation. Apart from connector.py, since the tenant is read by this document before the provider's package
need be loaded.
"""

from components.last_outputs import LastOutputs
from components.settings import Settings
from microsoft365.exchange.desired import Application, DesiredState, Group, Rooms


def desired_state(settings: Settings, mark: str, last: LastOutputs | None = None) -> DesiredState:
    """What is wanted in Exchange, as the document that the scripts read; `last` names the application where it is known."""
    group = settings.group
    wanted = None
    if group.primary_smtp_address is not None:
        keys = {"alias": group.alias_or_default, "primary_smtp_address": group.primary_smtp_address}
        wanted = Group(**{**group.model_dump(), **keys})
    application = Application()
    if last is not None:
        application = Application(
            client_id=last.client_id,
            object_id=last.application_object_id,
            service_principal_id=last.service_principal_object_id,
        )
    return DesiredState(
        connection=settings.connection,
        mark=mark,
        access=settings.access,
        application=application,
        rooms=Rooms(**settings.rooms.model_dump()),
        group=wanted,
        calendar=settings.calendar,
        calendar_on_removal=settings.calendar_on_removal,
        removal=settings.removal,
        transport=settings.exchange.transport,
    )
