"""Makes what statpipe needs in an account of AWS; see the README beside this file."""
