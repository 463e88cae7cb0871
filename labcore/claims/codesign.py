"""Co-design, co-search and co-generation: what the glossary and the announcement of A3C3 state."""
