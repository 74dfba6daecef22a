"""Bronze, Silver and Gold on a local folder, as a statpipe sink."""
