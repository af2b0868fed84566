"""Stand-in of Kinesis API (kinesis.world): users, settings, projects, records, events."""

from sandbox.kinesis.service import Kinesis

__all__ = ["Kinesis"]
