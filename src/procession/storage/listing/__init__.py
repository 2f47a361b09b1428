"""The list of processes: which plan reads it (`plan`), its statements (`statements`), its totals (`totals`)."""
