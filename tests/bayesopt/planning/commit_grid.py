"""The grid of lifetimes and scales of Lange & Sprekeler (2020)."""

import numpy as np

LIFETIMES = np.array([25, 50, 75, 100])[:, None, None]
PRIOR_SCALES = np.linspace(0.1, 10, 20)[:, None]
REWARD_SCALES = np.linspace(0.1, 20, 20)
GRID = {"lifetime": LIFETIMES, "prior_scale": PRIOR_SCALES, "reward_scale": REWARD_SCALES}
