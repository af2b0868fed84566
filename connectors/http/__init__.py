"""Speaking with a service: gently, persistently, and without letting a secret out.

`client` asks, `throttle` keeps the rate, `rules` and `judges` say how a service wants to be
spoken to, `redact` removes secrets. Nothing is re-exported here, so that declarations, which
need `rules` alone, never load the HTTP library.
"""
