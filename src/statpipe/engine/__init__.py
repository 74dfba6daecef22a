"""Orchestrates whatever is registered; knows roles, never an agency or a store."""
