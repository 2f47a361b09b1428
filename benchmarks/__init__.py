"""Measures Procession on this machine: `make bench`, or `make bench PART=lists`. Results go to docs/performance.md.

Every figure is a ratio inside one run: what is compared takes turns, and the median of the rounds counts. The server
(and PostgreSQL) run on one core, the load generator on the other.
"""
