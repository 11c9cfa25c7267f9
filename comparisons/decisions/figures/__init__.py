"""Figures of decisions, one file each: table, drawing, caption and alternative text."""
