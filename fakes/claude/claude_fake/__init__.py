"""A stand-in for the `claude` program whose behaviour is data: see `lifecycles/`."""
