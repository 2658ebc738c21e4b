"""Live events: what a policy's reactions make of what happens on accounts, one by one or as it comes in."""

from feerules.events.engines import UnusableEngine
from feerules.events.reacting import react
from feerules.events.reaction import Reaction, Trigger

__all__ = ["Reaction", "Trigger", "UnusableEngine", "react"]
