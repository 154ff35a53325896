"""What gold and corrections become: rows to train on. Derived, never stored."""
