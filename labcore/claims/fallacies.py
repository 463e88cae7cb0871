""" "Fallacies and Pitfalls": eight cases and Checkpoint 1.4."""
