"""Commands: ``./course teach …``. Thin: the work is done in the rooms beside this one.

``teach``     a round with a class, from ``init`` to ``export``
``people``    who is in the class, by when, and how they stand; ``insight``: the class as a whole
``capacity``  how many kernels a class of some size needs
``options``   what the commands share
"""
