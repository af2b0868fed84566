"""A stand-in of Kinescope: a library of videos with everything that hangs on it."""

from sandbox.kinescope.service import Kinescope

__all__ = ["Kinescope"]
