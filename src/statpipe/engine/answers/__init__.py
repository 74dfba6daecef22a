"""Answers from the lake to analysts and auditors."""
