"""Figures of predictions, one file each: table, drawing, caption and alternative text."""
