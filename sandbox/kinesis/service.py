"""The stand-in as a whole."""

from __future__ import annotations

from sandbox.kinesis.rounds import Rounds
from sandbox.kinesis.views import Views


class Kinesis(Rounds, Views):
    """Kinesis API (kinesis.world): a made account of a small bookshop and its friends.

    `size` is the number of data records; the caller is user 0 and ROOT. Nothing can be
    written through `answer`: changes are the methods of this class.
    """
