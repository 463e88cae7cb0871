"""This machine, measured: its own roofline."""
