"""What HTTP and Python callers give, read by the same models: one set of limits, and one message for each refusal."""
