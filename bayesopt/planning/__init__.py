"""Planning: Gittins indices, finite-horizon dynamic programming, and the heuristics they are compared with.

Import from `bayesopt.planning.gittins`, `.dynamic_programming`, `.exploration`, `.stopping`, `.heuristics` and
`.optimal`.
"""
