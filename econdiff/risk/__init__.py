"""Measures of loss, their backtests, stress and credit: pure functions of arrays and tables.

Only `supervisory` reads files.
"""
