"""Insight: what the work of a whole class says, to people who decide. Nothing here changes a mark.

``items``        how hard each exercise was, and whether it tells strong students from weak ones
``concept``      the same questions before and after the course
``integrity``    what two submissions have in common and few others have: hints, no verdicts;
                 ``integrity_report``: its page, side by side
``calibration``  markers compare themselves with given marks before they mark a class
"""
