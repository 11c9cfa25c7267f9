"""Lange & Sprekeler 2020: when to learn and when to hard-code."""
