class DeployError(Exception):
    """An error that the operator can act on. Its text is printed without a traceback."""
