"""The stages of a run: ingest, transform, load."""
