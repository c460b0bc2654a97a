"""Foundation models as sources: what they cost, where to get published ones, and how to ask them.

NumPy in, NumPy out, for either edition. Published models need the optional part ``foundation``
(``transformers``, which computes them in PyTorch); nothing here is downloaded unless it is asked for.
"""
