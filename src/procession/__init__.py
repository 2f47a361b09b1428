"""Procession: a self-hosted server for running repeatable procedures."""

__version__ = "0.1.0"
