"""Five invented papers to try the workbench on, with their gold; holds data, runs nothing."""
