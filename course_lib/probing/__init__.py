"""What the probes of both halves share: what is drawn, measured and reported, without a framework.

A probe (``pytorch/probes``, ``keras/probes``) lets a student's function work on a tiny model; here the
model's arrays before and after become a report. One module for each module of probes; the model itself
is ``training/tiny.py``.
"""
