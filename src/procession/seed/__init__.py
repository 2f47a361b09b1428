"""Realistic volumes for measuring, loaded in bulk: `procession seed`.

Organizations, people, templates and the first process of each template are made by the ordinary use cases. All other
processes are variations of those, written by the ordinary storage functions into memory and loaded from there.
"""

from procession.seed.plan import Plan
from procession.seed.seeding import Seeded, SeedRefused, seed

__all__ = ["Plan", "SeedRefused", "Seeded", "seed"]
