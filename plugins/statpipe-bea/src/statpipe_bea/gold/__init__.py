"""Gold models of BEA's figures."""
