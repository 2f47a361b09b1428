"""Demo data: one organization whose people have been at work for months.

Everything is made by the use cases that the API calls, with the time as an argument; beyond a few hundred processes
the rest comes as seeded variations of the first ones.
"""

from procession.demo.ensuring import Access, ensure_demo

__all__ = ["Access", "ensure_demo"]
