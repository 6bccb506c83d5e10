"""From facts to values: which steps persons add to an indicator, and what these make of its values. Pure."""
