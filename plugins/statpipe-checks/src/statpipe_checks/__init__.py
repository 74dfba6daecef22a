"""The standard checks of statpipe."""
