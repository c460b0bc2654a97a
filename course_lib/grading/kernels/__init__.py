"""Kernels: a submission's cells and the questions to it, run by one process or by several.

``starting``   a kernel warm from a ``zygote``, cold in the sandbox, or (only when told so) outside it
``kernel``     one kernel process: run this, by when, how much; ``outputs``: what is kept of what it says
``rooms``      where kernels meet their grader: a folder for each kernel's sockets
``execution``  a notebook's cells in a kernel; what hangs or dies costs itself and nothing else
``executors``  who runs submissions: this process, or several (``worker``) beside it
"""
