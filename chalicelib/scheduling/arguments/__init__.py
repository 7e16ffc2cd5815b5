"""Models that validate the input of HTTP and Python callers, so that both have the same limits and error messages."""
