"""Measured comparisons, each printing a table; no test depends on them."""
