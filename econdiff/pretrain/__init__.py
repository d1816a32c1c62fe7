"""Simulated economies, and the training of the shipped weights on them."""
