"""The book as static pages: every lab readable, its explorers alive from states that were drawn beforehand."""
