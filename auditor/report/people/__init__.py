"""Tables that employment law asks for: New York City's Local Law 144, and the four-fifths rule."""
