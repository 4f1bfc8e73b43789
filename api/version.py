"""The version that this program says it is."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("helioracle")
except PackageNotFoundError:  # run from a source tree that nobody installed
    VERSION = "0+source"
