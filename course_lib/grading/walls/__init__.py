"""Walls: what keeps a submission in, made from Linux's own means.

``sandbox``    how a process is started so that it sees and reaches nothing (bubblewrap, namespaces)
``seccomp``    the system calls that no submission needs; ``cgroups``: limits on a kernel and all its descendants
``processes``  what a process and its descendants use
``launch``     the first process inside the walls; ``nursery``: the one that forks kernels there

``launch``, ``seccomp`` and ``nursery`` are shown inside as three files side by side, and need nothing
but the standard library.
"""
