""" "Hardware Sustainability": energy and carbon, Napkin Math 1.10."""
