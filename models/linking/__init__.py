"""Which organisation a funder's name means: a local index, candidates with reasons, award ids.

Pure values over one index file: no store, no network.
"""
