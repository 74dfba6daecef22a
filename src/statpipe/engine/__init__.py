"""Runs whatever is registered. It knows roles, but no agency and no store."""
