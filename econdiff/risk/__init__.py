"""Measures of loss and their backtests: pure functions, arrays in and arrays out."""
