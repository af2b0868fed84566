"""The stand-in of Kinopio: spaces of cards, their connections, boxes and tags."""

from sandbox.kinopio.routes import Kinopio

__all__ = ["Kinopio"]
