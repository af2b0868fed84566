"""Speaking with a service: within its rate, with retries, and without letting a secret out.

`client` asks; `config` declares how a service is spoken to; `rate_limit` keeps the rate; `redact`
masks secrets in what people read; `download` receives files. Nothing is re-exported here, so that
declarations, which need `config` alone, never load the HTTP library.
"""
