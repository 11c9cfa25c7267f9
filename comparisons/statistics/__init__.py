"""Arrays in, numbers out: intervals, divergences, quadrature of tails, the dip test, the geometry of states."""
