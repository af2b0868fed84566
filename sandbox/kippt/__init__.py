"""A stand-in of Kippt: lists of links, alone and with others."""

from sandbox.kippt.service import Kippt

__all__ = ["Kippt"]
