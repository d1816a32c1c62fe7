"""Synthetic panels: generation, fidelity, utility, privacy."""
