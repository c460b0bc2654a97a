"""Run cases in Keras and write their reports: ``python -m tests.parity.run_keras FILE [NAME …]``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from course_lib.keras import CrossEntropy, Objective, attach_head, fit, freeze, load_backbone
from course_lib.keras.engine import keras
from course_lib.keras.torch_layout import load_torch_layout, to_torch_layout
from tests.keras import doubles
from tests.keras.small import Small, dense
from tests.parity import cases
from tests.parity.cases import Case


def run(case: Case) -> dict[str, Any]:
    keras.config.set_floatx(case.precision)
    keras.config.set_dtype_policy(case.precision)
    data = cases.glyphs() if case.model == "glyphnet" else cases.arrays()
    model: Any = Small(cases.start())
    if case.model == "glyphnet":
        model = attach_head(load_backbone("glyphnet"), 10)
    if case.frozen:
        freeze(model.backbone)
    objective = build_objective(case, model)
    used = data if case.objective == "DANN" else {"x": data["x"], "y": data["y"]}
    history = fit(
        model,
        used,
        objective=objective,
        optimizer=case.recipe,
        epochs=cases.EPOCHS,
        batch_size=cases.BATCH_SIZE,
        validation=(data["x"], data["y"]),
        precision="float32",
    )
    network = model.backbone.network if case.model == "glyphnet" else model.backbone
    return cases.report(history, to_torch_layout(network))


def build_objective(case: Case, model: Any) -> Objective:
    start = cases.start()
    if case.objective == "DANN":
        discriminator = dense(2, "domain")
        load_torch_layout(discriminator, start)
        return doubles.DANN(discriminator)
    if case.objective == "EWC":
        fisher = [cases.fisher("x", tuple(w.shape)) for w in model.trainable_weights]
        return doubles.EWC(model, fisher, strength=3.0)
    if case.objective == "distillation":
        teacher = Small(start)
        load_torch_layout(teacher.head, start, renamed={"head": "teacher"})
        return doubles.Distillation(teacher, temperature=2.0)
    return CrossEntropy(**case.numbers)


if __name__ == "__main__":
    names = sys.argv[2:] or list(cases.CASES)
    reports = {name: run(cases.CASES[name]) for name in names}
    Path(sys.argv[1]).write_text(json.dumps(reports))
