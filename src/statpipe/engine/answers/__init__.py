"""What analysts and auditors ask of the lake."""
