"""`python -m procession`: the command line, where the script is not on PATH."""

from procession.cli.main import app

if __name__ == "__main__":
    app()
