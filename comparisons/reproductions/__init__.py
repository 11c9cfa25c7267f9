"""Reproductions of papers, one file each; the file name is the id."""
