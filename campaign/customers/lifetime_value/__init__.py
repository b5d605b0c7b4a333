"""Predicted lifetime value: how often a customer will buy again (BG/NBD), and what for (Gamma-Gamma).

Pure, over arrays of a shop's customers. These modules import numpy and scipy, which take half a second to
load: nothing that decides about a message imports them (a test holds it).
"""
