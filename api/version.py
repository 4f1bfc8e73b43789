"""The version of this program."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("helioracle")
except PackageNotFoundError:  # run from a source tree that nobody installed
    VERSION = "0+source"
