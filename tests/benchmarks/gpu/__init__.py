"""The engines on a GPU against their peers."""
