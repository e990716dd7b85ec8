"""The ASGI application: the API under `/v1` and the control door under `/control`."""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp

from hostaway_message_db.simulator.control import control_routes
from hostaway_message_db.simulator.faults import FaultPlan
from hostaway_message_db.simulator.files import file_route
from hostaway_message_db.simulator.simulation import Answering, Simulation
from hostaway_message_db.simulator.switches import Switches
from hostaway_message_db.simulator.world import World

TOKENS = "/accessTokens"


def _endpoint(
    simulation: Simulation, template: str, answering: Answering
) -> Callable[[Request], Awaitable[ASGIApp]]:
    async def endpoint(request: Request) -> ASGIApp:
        return await simulation.handle(request, template, answering)

    return endpoint


def simulation_of(app: Starlette) -> Simulation:
    """Return the running simulation behind an application of `create_app`."""
    simulation = app.state.simulation
    if not isinstance(simulation, Simulation):
        raise TypeError("this application is no simulator")
    return simulation


def create_app(
    world: World,
    switches: Switches | None = None,
    faults: FaultPlan | None = None,
) -> Starlette:
    """Return the application; `app.state.simulation` is the running simulation.

    Args:
        world: the account to serve.
        switches: how it behaves; without them as the world already does.
        faults: what goes wrong, and when.
    """
    if switches is not None:
        world.switches = switches
    simulation = Simulation(world, faults)
    routes = [
        Route(
            "/v1" + template.replace("{id}", "{id:int}").replace("Id}", "Id:int}"),
            _endpoint(simulation, template, simulation.data),
            methods=["GET"],
        )
        for template in simulation.handlers
    ]
    routes.append(
        Route(
            "/v1" + TOKENS,
            _endpoint(simulation, TOKENS, simulation.token),
            methods=["POST", "DELETE"],
        )
    )
    routes.append(file_route(simulation.files))
    routes.extend(control_routes(simulation))

    unknown = _endpoint(simulation, "(unknown)", simulation.unknown)
    routes.append(
        Route("/v1/{rest:path}", unknown, methods=["GET", "POST", "PUT", "DELETE", "PATCH"])
    )
    app = Starlette(routes=routes)
    app.state.simulation = simulation
    return app
