"""Figures of foraging, one file each: table, drawing, caption and alternative text."""
