"""The screen and the command line; nobody imports it."""
