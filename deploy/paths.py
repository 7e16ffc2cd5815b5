"""Where things lie in the project."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
TERRAFORM = PROJECT / "terraform"
NOTIFICATION_PACKAGE = PROJECT / "build" / "notification.zip"
NOTIFICATION_ACTIONS = PROJECT / "notification" / "actions"
TOOLS = PROJECT / "build" / "tools"
"""What was downloaded once: terraform itself and its providers. May be deleted at any time."""
