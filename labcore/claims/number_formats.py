"""Number formats: footnote 18, Table 6, mixed precision."""
