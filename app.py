"""HeyGem: `python app.py [serve|generate|demo|doctor] [options]`."""

from heygem.cli import main

if __name__ == "__main__":
    main()
