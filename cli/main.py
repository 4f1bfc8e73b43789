"""Entry point of `helioracle`: exit code 0 done, 1 the work failed, 2 the user can put it right, 130 Ctrl-C."""

import argparse
import importlib
import os
import sys
from importlib.metadata import version

from cli import parser
from cli.errors import CommandFailed, UsageError
from runtime.errors import ShellError


def run(argv: list[str] | None = None) -> int:
    """Parse and run; errors that a user can understand become one line on standard error."""
    arguments = parser.build().parse_args(argv)
    if arguments.version:
        print(f"helioracle {version('helioracle')}")
        return 0
    if not hasattr(arguments, "module"):
        parser.build().print_help()
        return 2
    return _call(arguments)


def _call(arguments: argparse.Namespace) -> int:
    try:
        code = int(importlib.import_module(arguments.module).run(arguments))
        sys.stdout.flush()
    except ModuleNotFoundError as error:
        problem, code = f"needs the package {error.name!r}; install the extra: pip install 'helioracle[demo]'", 2
    except (UsageError, ShellError) as error:
        problem, code = str(error), 2
    except CommandFailed as error:
        problem, code = str(error), 1
    except BrokenPipeError:
        # The reader of our output has gone, so that no one is left to tell. Standard output is flushed again at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        if error.filename is None:
            raise
        problem, code = f"{error.filename}: {error.strerror}", 2
    except KeyboardInterrupt:
        problem, code = "stopped", 130
    else:
        return code
    print(f"helioracle: {problem}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(run())
