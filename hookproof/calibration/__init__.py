"""Calibration: what a host did in a run, without what differs from run to run, and how two hosts' doings differ.

Pure, over journals: the stand-in and the real host are recorded by the same instrument, the tap around the probe.
"""
