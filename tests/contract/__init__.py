"""The kit's contracts, held to account: honest implementations pass, and mutants are caught."""
