"""Operations that share a trip through memory: what may be fused, what it moves, what it holds."""
