"""What the programs print, read as a person reads it."""

import shlex


def commands(text):
    """The commands that a text asks for, without the program's name, by their second word."""
    lines = text.replace(" \\\n", " ").splitlines()
    return {line.split()[2]: shlex.split(line)[1:] for line in lines if line.startswith("  holdfast ")}
