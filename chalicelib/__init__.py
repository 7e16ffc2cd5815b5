"""Scheduled Tasks: deferred and recurring work for applications on AWS."""

__version__ = "0.1.0"
