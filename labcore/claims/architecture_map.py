"""The essay on the architectural directions of ML accelerators."""
