"""Datasets and adapters on the Hugging Face Hub: compared, pushed, pulled, verified."""
