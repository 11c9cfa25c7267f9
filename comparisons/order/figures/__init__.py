"""Figures of order, one file each: table, drawing, caption and alternative text."""
