"""Asking a person to consent (`consent: admin`): what is said in which run, and the state that the outputs show.

Owns the moment: nobody is shown where to consent before the restriction of this very application stands, be it seen in the tenant
or made by this run. Owns no words and no judgement (`admin_consent.py`). Declares no resource: the grant is the person's.
"""

from dataclasses import dataclass, replace
from typing import Any

import pulumi

from components import admin_consent
from components.admin_consent import ExpectedConsent
from components.last_outputs import LastOutputs
from components.observation import Observation


@dataclass(frozen=True, kw_only=True)
class ConsentRequestArgs:
    """What is asked for, of whom nothing is known but what the observation shows."""

    wanted: ExpectedConsent
    """What has to be granted; its client id is filled in when the application has one."""
    observation: Observation
    """What the tenant looks like now."""
    last_outputs: LastOutputs
    """What the last `up` said, also of consent."""
    client_id: pulumi.Output[str]
    """The application's."""
    restriction: pulumi.Output[Any]
    """Resolves when the restriction stands; unknown in the preview of a run that makes or mends it."""


def ask_for_consent(parent: pulumi.Resource, args: ConsentRequestArgs) -> pulumi.Output[str]:
    """Tell people what is missing and where to go, and return `granted` or `waiting` for the outputs."""
    observation, last = args.observation, args.last_outputs

    def of(client_id: str) -> ExpectedConsent:
        return replace(args.wanted, client_id=client_id)

    def say(client_id: str) -> None:
        news = admin_consent.consent_news(observation, last, of(client_id))
        if news is not None:
            pulumi.log.info(news, parent)
        warning = admin_consent.consent_warning(observation, last, of(client_id))
        if warning is not None:
            pulumi.log.warn(warning, parent)

    restricted = pulumi.Output.all(args.client_id, args.restriction).apply(lambda resolved: str(resolved[0]))
    if last.client_id is not None and admin_consent.restriction_stands(observation, last):
        say(last.client_id)
    elif pulumi.runtime.is_dry_run():
        pulumi.log.warn(admin_consent.AFTER_THIS_RUN, parent)
    else:
        restricted.apply(say)
    return restricted.apply(lambda client_id: admin_consent.consent_state(observation, last, of(client_id)))
