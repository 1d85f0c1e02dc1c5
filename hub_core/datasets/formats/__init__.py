"""Readers, one per family of file formats: each turns a metered source and a wanted slice into rows of cells."""
