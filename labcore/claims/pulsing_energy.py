"""The energy of pulsing: Napkin Math 1.1."""
