"""What exports and imports share: a paper as files tell it, formats, writing, proving, jobs."""
