"""Paths in the project."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
TERRAFORM = PROJECT / "terraform"
NOTIFICATION_PACKAGE = PROJECT / "build" / "notification.zip"
NOTIFICATION_ACTIONS = PROJECT / "notification" / "actions"
TOOLS = PROJECT / "build" / "tools"
"""Downloads that are kept: terraform and its providers. The folder may be deleted at any time."""
