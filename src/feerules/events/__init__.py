"""Live events: what a policy's reactions make of what happens on accounts, one by one or as it comes in."""

from feerules.events.desk import Desk
from feerules.events.engines import UnusableEngine
from feerules.events.reacting import react
from feerules.events.reaction import Reaction, Trigger
from feerules.events.snapshots import SnapshotError

__all__ = ["Desk", "Reaction", "SnapshotError", "Trigger", "UnusableEngine", "react"]
