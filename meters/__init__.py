"""Sans-I/O codecs and register maps that simulator and gateway both speak."""
