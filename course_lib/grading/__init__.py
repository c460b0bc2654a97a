"""Grading: from a folder of submissions to marks, feedback and exports, on nbgrader's own ground.

    submission ─▶ screening ─▶ execution in a sandboxed kernel ─▶ verdicts, outside ─▶ nbgrader

Flat in here is the round itself, from ``release`` to ``export``:

``course``      an instructor's course directory: settings, secret, where things are
``release``     a chapter for the class; ``variants``: numbers of its own; ``kit``: what students get
``collect``     what was handed in; ``submissions``: five ready-made ones, for trying it out
``grade``       run it all and let nbgrader write it down; ``regrade``: one exercise anew; ``results``: kept runs
``recording``   nbgrader's own steps into the gradebook, each student's in one transaction
``gradebook``   where it is, a file or a database by URL; ``migrate``: from the one into the other
``plugin``      the three doors into nbgrader: screening, execution, feedback; ``nbgrader_side``: nbgrader, called
``hand_marks``  what people gave stays, and is asked for again only when what it was given for changes
``feedback``    a page for each student; ``give_back``: all of them; ``export``: the marks as a table
``audit``       a line for every act, each with a hash of the one before

Rooms, each with its own list of what is in it; what is higher needs what is lower, never the other way:

``commands``    ``./course teach …``
``cluster``, ``platforms``, ``insight``  many machines; Canvas, Moodle, Gradescope, JupyterHub; the class as a whole
``people``      who is in the class, when they handed in, where they stand
``judging``     what was handed in, made whole, and what it deserves
``kernels``     a submission's cells and the questions to it, in a kernel
``walls``       what keeps a submission in

No expected answer, no hidden input before it is asked, and no secret ever enters the kernel.
"""

import sys

# Reading a notebook brings a checker of web addresses with it, whose grammar takes a second to load in
# each process that grades; no notebook's form depends on it, and where it is missing nobody asks.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
