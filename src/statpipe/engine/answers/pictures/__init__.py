"""Pictures of figures, as SVG: plain text, without a script, for light and dark."""
