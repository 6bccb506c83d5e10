"""What every stage uses and none owns: command line, settings, clock, errors, wiring."""

__version__ = "0.1.0"
