"""Figures of lifetimes, one file each: table, drawing, caption and alternative text."""
