"""Gold models, computed from the history of Silver."""
