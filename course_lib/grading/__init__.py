"""Grading: from a folder of submissions to marks, feedback and exports, on nbgrader's own ground.

    submission ─▶ screening ─▶ execution in a sandboxed kernel ─▶ verdicts, outside ─▶ nbgrader

``course``      an instructor's course directory: settings, secret, where things are
``screening``   makes a submitted notebook whole again: locked cells, identities, missing cells
``sandbox``     the walls: how a kernel is started so that a submission sees and reaches nothing
``kernel``      one kernel process: run this code, ask this question, by when, within which size
``execution``   a notebook's cells in a kernel; what hangs or dies costs itself and nothing else
``executors``   who runs them: this process, or several beside it
``cluster``     many machines: a Dask scheduler's workers; ``cluster_worker``: what runs there
``recording``   nbgrader's own steps into the gradebook, each student's in one transaction
``gradebook``   where it is, a file or a database by URL; ``migrate``: from the one into the other
``verdicts``    the questions, the comparison outside, and what is written into the notebook
``plugin``      the three doors into nbgrader: screening, execution, feedback
``hand_marks``  what people gave stays, and is asked for again only when what it was given for changes
``roster``      who is in the class, and whose a submission is by the name that a platform gave it
``arrival``     when it was handed in; ``policy``, ``lateness``: what that costs, through nbgrader
``standing``    where everybody stands and why: for ``status`` and ``export``
``audit``       a line for every act, each with a hash of the one before
``commands``    ``./course teach …``; one module per command does the work

No expected answer, no hidden input before it is asked, and no secret ever enters the kernel.
"""

import sys

# Reading a notebook brings a checker of web addresses with it, whose grammar takes a second to load in
# each process that grades; no notebook's form depends on it, and where it is missing nobody asks.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
