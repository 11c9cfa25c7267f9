"""Inference from a family's own NumPyro model: the witness for closed forms, and the reference where there are none."""
