"""A workplace team's own program: what it declares itself, and in the midst of it a ROOMZ connector.

docs/another-program.md explains it. The connector's keys stand in this project's stack file, as `roomz:…`.
"""

import pulumi
from pulumi_command import local

from components.program import declare_connector

team = pulumi.Config().require("portalTeam")
connector = declare_connector("roomz")

# A resource of the team's own that stands on the connector: a ticket for each new secret, which says by when it must be handed over.
# Only the number goes into it. The secret itself would stand in the environment of a process.
say = 'echo "$TEAM: hand over generation $GENERATION of application $CLIENT_ID"'
ticket = local.Command(
    "hand-over-ticket",
    create=say,
    update=say,
    environment={
        "TEAM": team,
        "GENERATION": pulumi.Output.from_input(connector.outputs["secretGeneration"]).apply(str),
        "CLIENT_ID": connector.outputs["clientId"],
    },
    opts=pulumi.ResourceOptions(depends_on=[connector]),
)

# The connector's own outputs are exported already.
pulumi.export("ticket", ticket.stdout)
