"""The scenes of the demonstration, in the order in which they are played. A file each: SHOWS, what it shows; NEEDS, the
scenes that must have been played before it; play(demo), which raises Failure where something is not as it should be."""

import importlib

ORDER = ("network", "database", "crash", "dead", "cut_off", "rolling", "release", "copy", "lost_folder", "power_cut", "leaves",
         "asleep", "keys_change")


def load(name):
    return importlib.import_module(f"scenes.{name}")


def needed(name):
    """Whether another scene needs this one."""
    return any(name in load(each).NEEDS for each in ORDER)


def chosen(names, without):
    """The scenes to play, in order: those that are named and what they need; None: all, without some."""
    if names is None:
        return [load(each) for each in ORDER if each not in (without or ())]
    wanted = {*names, *(needs for name in names for needs in load(name).NEEDS)}
    return [load(each) for each in ORDER if each in wanted]


def listed():
    """A line for each scene."""
    lines = [f"{name:11}  {load(name).SHOWS}" for name in ORDER]
    return lines + ["", "A scene is played after those that it needs."]
