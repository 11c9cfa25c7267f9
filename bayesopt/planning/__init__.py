"""Planning: Gittins indices, finite-horizon dynamic programming, and the heuristics they are compared with."""
