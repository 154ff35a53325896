"""What comes into the workbench other than as a dropped file: one module a format."""
