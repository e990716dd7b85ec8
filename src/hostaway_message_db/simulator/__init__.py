"""A Hostaway to practise on, written from the API reference alone."""

from hostaway_message_db.simulator.app import create_app
from hostaway_message_db.simulator.client import ControlClient, ControlError
from hostaway_message_db.simulator.editing import Editor, NewMessage, UnknownObject
from hostaway_message_db.simulator.entities import SHELVES
from hostaway_message_db.simulator.faults import FaultPlan, FaultRule
from hostaway_message_db.simulator.request_log import LoggedRequest, RequestSummary
from hostaway_message_db.simulator.server import RunningSimulator, serve
from hostaway_message_db.simulator.stories import DEFAULT_NOW, WorldOptions
from hostaway_message_db.simulator.switches import Switches
from hostaway_message_db.simulator.world import World

__all__ = [
    "DEFAULT_NOW",
    "SHELVES",
    "ControlClient",
    "ControlError",
    "Editor",
    "FaultPlan",
    "FaultRule",
    "LoggedRequest",
    "NewMessage",
    "RequestSummary",
    "RunningSimulator",
    "Switches",
    "UnknownObject",
    "World",
    "WorldOptions",
    "create_app",
    "serve",
]
