""" "Runtime Support": plans that meet what really arrives, Table 24."""
