class DeployError(Exception):
    """What the person at the terminal must know and can do something about; shown without a traceback."""
