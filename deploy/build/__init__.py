"""Builds the zip of the Notification Lambda, and the files of a Chalice stage."""
