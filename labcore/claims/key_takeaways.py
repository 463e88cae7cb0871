""" "Summary": the key takeaways and the last self-check."""
