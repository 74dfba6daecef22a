"""The value types, named in the field's words: no network, no SQL, no terminal.

Import each word from its own module, or from :mod:`statpipe.api`, which re-exports all that a
plugin author needs. Nothing here imports pyarrow until a table is really made, so that
``statpipe --help`` stays fast.
"""
