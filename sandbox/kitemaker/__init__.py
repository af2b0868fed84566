"""A stand-in of Kitemaker: work items, initiatives and feedback over REST and GraphQL."""

from sandbox.kitemaker.service import Kitemaker

__all__ = ["Kitemaker"]
