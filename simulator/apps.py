"""Puts the APIs' routes together into the three applications: sign-in with Graph, Exchange, and control.

Owns nothing but that; adding an API is adding its routes here.
"""

from starlette.applications import Starlette

import simulator.calendars.routes
import simulator.control.routes
import simulator.exchange.routes
import simulator.graph.routes
import simulator.login.routes
import simulator.page.routes
from simulator.kernel import Simulator


def identity_app() -> Starlette:
    """Return what answers at 127.0.0.1: sign-in, calendars and Graph."""
    return Starlette(
        routes=[
            *simulator.page.routes.ways_to_the_page(),
            *simulator.login.routes.starlette_routes(),
            *simulator.calendars.routes.starlette_routes(),
            *simulator.graph.routes.starlette_routes(),
            *simulator.login.routes.refusals(),
        ]
    )


def exchange_app() -> Starlette:
    """Return what answers at localhost."""
    return Starlette(routes=simulator.exchange.routes.starlette_routes())


def control_app(own: Simulator) -> Starlette:
    """Return the page and the control API, which have a port of their own."""
    application = Starlette(
        routes=[*simulator.page.routes.starlette_routes(), *simulator.control.routes.starlette_routes()]
    )
    application.state.simulator = own
    return application
