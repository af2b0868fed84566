"""The control database and the object store of `[scale]`; nothing here is imported without it."""
