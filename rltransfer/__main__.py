"""`python -m rltransfer` is `rltransfer`."""

from rltransfer.cli import main

if __name__ == "__main__":  # workers import this file, too
    main()
