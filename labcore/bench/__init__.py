"""The project's own speed, each figure with the limit or the peer it is held against."""
