"""Judging: from what was handed in to what it deserves, outside the walls.

``assignment``  one released chapter, as grading needs it
``reading``     a notebook within limits, or one sentence that says why it is none
``screening``   makes a submitted notebook whole again: locked cells, identities, missing cells
``verdicts``    the questions, the comparison, the verdict; ``verdict_words``: what a student reads of it
``own_tests``   an instructor's own test cells, and what none of them can catch
"""
