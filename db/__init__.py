"""Facts, added and never rewritten: the store, its history and its copies."""
