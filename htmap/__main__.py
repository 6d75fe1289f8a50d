"""``python -m htmap`` and the ``htmap`` command."""

import sys


def main() -> None:
    """Run the command line, or say which extra it needs."""
    try:
        from htmap.cli import cli
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        sys.exit("the htmap command needs click: run `pip install 'htmap[cli]'`")
    except KeyboardInterrupt:
        sys.exit(130)  # as every command ends that Ctrl-C interrupts
    cli()


if __name__ == "__main__":
    main()
