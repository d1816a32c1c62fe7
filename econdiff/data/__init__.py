"""Loaders: one source a file. The network is touched here and nowhere else."""
