"""Run cases in PyTorch, for ``engine.py``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.pytorch import (
    DANN,
    L2SP,
    SGD,
    Adapted,
    Augmented,
    BinaryCrossEntropy,
    CoralAlignment,
    CrossEntropy,
    EntropyMinimisation,
    GradualUnfreezing,
    InformationMaximisation,
    MixUp,
    MMDAlignment,
    MultiTask,
    Objective,
    PseudoLabels,
    SequenceLikelihood,
    SourceAndTarget,
    SquaredError,
    WeightedCrossEntropy,
    attach_head,
    fit,
    freeze,
    freeze_plan,
    load_backbone,
    probe_then_fine_tune,
)
from course_lib.pytorch.multitask import Heads
from tests.parity import cases
from tests.parity.cases import Case
from tests.pytorch import doubles
from tests.pytorch.small import Pairs, Small, load

OBJECTIVES: dict[str, Callable[[Any], Objective]] = {
    "squared error": lambda model: SquaredError(),
    "yes or no": lambda model: BinaryCrossEntropy(),
    "smoothed": lambda model: CrossEntropy(label_smoothing=0.2),
    "sequences": lambda model: SequenceLikelihood(),
    "mix-up": lambda model: MixUp(CrossEntropy(), alpha=1.0, classes=3),
    "mix-up of numbers": lambda model: MixUp(SquaredError(), alpha=1.0),
    "augmented": lambda model: Augmented(CrossEntropy(), cases.TRANSFORMS),
    "L2-SP": lambda model: L2SP(CrossEntropy(), model, alpha=2.0, beta=0.5),
    "nested": lambda model: L2SP(
        Augmented(MixUp(CrossEntropy(0.1), alpha=0.4, classes=3), cases.TRANSFORMS), model
    ),
    "source only": lambda model: Adapted(),
    "MMD": lambda model: Adapted(MMDAlignment(2.0)),
    "MMD, unbiased": lambda model: Adapted(MMDAlignment(kernel="rbf", biased=False, ramp=False)),
    "CORAL": lambda model: Adapted(CoralAlignment(5000.0)),
    "adversary": lambda model: Adapted(DANN(6, 0.5, hidden=(8,), seed=1)),
    "self-training": lambda model: Adapted(
        PseudoLabels(threshold=0.4), EntropyMinimisation(0.3), InformationMaximisation(0.5)
    ),
    "every penalty": lambda model: Adapted(
        MMDAlignment(kernel="linear"),
        CoralAlignment(500.0),
        DANN(6, 0.3, seed=2),
        EntropyMinimisation(0.1, ramp=False),
        InformationMaximisation(),
        PseudoLabels(0.5, threshold=0.5),
        label_smoothing=0.1,
    ),
    "weighted": lambda model: WeightedCrossEntropy(),
    "source and target": lambda model: SourceAndTarget(CrossEntropy(0.1), share=0.3),
    "tasks": lambda model: MultiTask(cases.TASKS, {"second": 0.4}),
}


class InDouble(nn.Module):
    """Any model, computing in float64."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model.double()

    def forward(self, x: Tensor) -> Tensor:
        backbone = self.model.backbone
        x = (x.double() / backbone.preprocessing.divide_by).permute(0, 3, 1, 2)
        return self.model.head(backbone.network(x))


def run(case: Case) -> dict[str, Any]:
    data = cases.data_for(case)
    model: Any = (Pairs if case.objective == "sequences" else Small)(cases.start())
    if case.model == "glyphnet":
        model = attach_head(load_backbone("glyphnet"), 10)
    if case.objective == "tasks":
        model.head = two_heads(model)
    if case.frozen:
        freeze(model.backbone)
    if case.plan != "everything":
        freeze_plan(model, case.plan)
    trained = InDouble(model) if case.precision == "float64" else model
    objective = build_objective(case, model)
    train = partial(fit, epochs=cases.EPOCHS, callbacks=[GradualUnfreezing()] * case.unfreeze)
    if case.probe_first:
        train = partial(probe_then_fine_tune, probe_epochs=2, epochs=2, probe_optimizer=SGD(0.1))
    history = train(
        trained,
        data,
        objective=objective,
        optimizer=case.recipe,
        validation=(data["x"], data["y"]),
        precision="float32",
        **{"batch_size": cases.BATCH_SIZE, **case.how},
    )
    return cases.report(history, {n: w.numpy() for n, w in ends(case, model).items()})


def two_heads(model: Any) -> Heads:
    second = load(nn.Linear(6, 2), cases.start(), "domain.")
    return Heads({"first": model.head, "second": second}, cases.TASKS)


def ends(case: Case, model: Any) -> dict[str, Tensor]:
    network = model.backbone.network if case.model == "glyphnet" else model.backbone
    return network.state_dict()


def build_objective(case: Case, model: nn.Module) -> Objective:
    start = cases.start()
    if case.objective == "DANN":
        return doubles.DANN(load(nn.Linear(6, 2), start, "domain."))
    if case.objective == "EWC":
        named = model.named_parameters()
        fisher = {name: torch.tensor(cases.fisher("x", tuple(w.shape))) for name, w in named}
        return doubles.EWC(BinaryCrossEntropy(), model, fisher, strength=3.0)
    if case.objective == "distillation":
        teacher = Small(start)
        load(teacher.head, start, "teacher.")
        return doubles.Distillation(teacher, temperature=2.0)
    if case.objective in OBJECTIVES:
        return OBJECTIVES[case.objective](model)
    return CrossEntropy(**case.numbers)
