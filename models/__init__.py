"""Reading a document and saying what it found: values only, no store and no screen."""
