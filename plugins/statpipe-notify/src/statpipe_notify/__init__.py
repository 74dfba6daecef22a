"""How a run ended, told to those who are not there."""
