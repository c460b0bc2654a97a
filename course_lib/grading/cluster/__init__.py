"""The cluster: grading on many machines, and how many kernels a class needs.

``executor``     a Dask scheduler's workers as the executor of ``teach grade --scheduler``
``worker_side``  what runs there, in a worker
``capacity``     a class that hands in, simulated: how many kernels it needs, on one machine or on many
"""
