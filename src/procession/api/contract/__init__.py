"""Wire structs: the words of the API, and only they."""
