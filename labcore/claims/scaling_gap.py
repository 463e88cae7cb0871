"""The end of free scaling, the systems gap and the S-curves (lab 02)."""
