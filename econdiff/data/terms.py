"""What a person should know before pulling data from someone else's service."""

TERMS = """\
The terms of FRED (https://fred.stlouisfed.org/legal/) and of Yahoo Finance
(https://legal.yahoo.com/us/en/yahoo/terms/otos/index.html) limit what may be stored,
shared and used for training models; some FRED series also carry the copyright of
their source. These terms are between you and the provider: read them before you pull.
No value pulled from either service is in this repository."""
