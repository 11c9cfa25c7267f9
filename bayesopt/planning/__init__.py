"""Planning: Gittins indices, finite-horizon dynamic programming, and heuristics to compare them with.

Import from `bayesopt.planning.gittins`, `.dynamic_programming`, `.exploration`, `.stopping`, `.heuristics` and
`.optimal`.
"""
