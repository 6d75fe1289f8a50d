"""``python -m htmap`` and the ``htmap`` command."""

import sys


def main() -> None:
    """Run the command line, or say which extra it needs."""
    try:
        from htmap.cli import cli
    except ModuleNotFoundError as error:
        if error.name not in ("click", "rich"):
            raise
        sys.exit(f"the htmap command needs {error.name}: run `pip install 'htmap[cli]'`")
    cli()


if __name__ == "__main__":
    main()
