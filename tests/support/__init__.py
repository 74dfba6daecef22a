"""What tests of several parts share: fakes that stand in for the world outside."""
