"""Run cases in Keras, for ``engine.py``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from course_lib.keras import (
    DANN,
    EWC,
    L2SP,
    SGD,
    Adapted,
    Augmented,
    BinaryCrossEntropy,
    Contrastive,
    CoralAlignment,
    CrossEntropy,
    Distillation,
    EntropyMinimisation,
    GradualUnfreezing,
    InformationMaximisation,
    LwF,
    MaskedPatches,
    Matching,
    MixUp,
    MMDAlignment,
    MultiTask,
    Objective,
    PseudoLabels,
    Replay,
    SequenceLikelihood,
    SourceAndTarget,
    SquaredError,
    TaskCrossEntropy,
    WeightedCrossEntropy,
    add_adapters,
    add_lora,
    attach_head,
    build_dense,
    build_head,
    build_two_towers,
    fisher_diagonal,
    fit,
    freeze,
    freeze_plan,
    load_backbone,
    merge_lora,
    named_arrays,
    probe_then_fine_tune,
    prune_weights,
    put_small_part,
    small_part,
    unfreeze,
)
from course_lib.keras.engine import keras
from course_lib.keras.multitask import Heads
from course_lib.keras.torch_layout import load_torch_layout
from course_lib.training.patches import patch_of_pixels
from tests.keras import doubles
from tests.keras.small import Pairs, Small, dense
from tests.parity import cases
from tests.parity.cases import Case

OBJECTIVES: dict[str, Callable[[Any], Objective]] = {
    "squared error": lambda model: SquaredError(),
    "yes or no": lambda model: BinaryCrossEntropy(),
    "smoothed": lambda model: CrossEntropy(label_smoothing=0.2),
    "sequences": lambda model: SequenceLikelihood(),
    "mix-up": lambda model: MixUp(CrossEntropy(), alpha=1.0, classes=3),
    "mix-up of numbers": lambda model: MixUp(SquaredError(), alpha=1.0),
    "augmented": lambda model: Augmented(CrossEntropy(), cases.TRANSFORMS),
    "Fisher": lambda model: ewc(model, CrossEntropy(), "all"),
    "empirical Fisher": lambda model: ewc(model, CrossEntropy(), "data"),
    "Fisher, replay": lambda model: ewc(model, Replay(CrossEntropy()), "sampled"),
    "among tasks": lambda model: TaskCrossEntropy(cases.GROUPS),
    "LwF": lambda model: LwF(temperature=3.0, strength=2.0),
    "LwF of tasks": lambda model: LwF(cases.GROUPS),
    "distilled": lambda model: Distillation(Small(cases.start()), temperature=3.0, share=0.7),
    "replay": lambda model: Replay(CrossEntropy()),
    "replay, weighted": lambda model: Replay(CrossEntropy(), strength=0.5),
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
        InformationMaximisation(shares=[0.5, 0.2, 0.3]),
        PseudoLabels(0.5, threshold=0.5),
        label_smoothing=0.1,
    ),
    "weighted": lambda model: WeightedCrossEntropy(),
    "source and target": lambda model: SourceAndTarget(CrossEntropy(0.1), share=0.3),
    "tasks": lambda model: MultiTask(cases.TASKS, {"second": 0.4}),
    "two views": lambda model: Contrastive(0.3),
    "pulled only": lambda model: Contrastive(negatives=False),
    "hidden patches": lambda model: MaskedPatches(patch_of_pixels(8, 8, 2), share=0.6),
    "captions": lambda model: Matching(),
}

ADAPTED: dict[str, Callable[[Any], Any]] = {
    "": lambda model: model,
    "LoRA": lambda model: add_lora(model, rank=2, alpha=4.0),
    "LoRA merged": lambda model: unfreeze(merge_lora(moved(add_lora(model, rank=3)))),
    "adapters": lambda model: add_adapters(model, width=3, where=["conv2"]),
    "pruned": lambda model: (prune_weights(model, 0.6), model)[1],
}


def ewc(model: Any, objective: Objective, labels: str) -> EWC:
    data = cases.arrays()
    fisher = fisher_diagonal(model, (data["x"], data["y"]), labels=labels, n=12)
    return EWC(objective, model, fisher, strength=20.0)


def moved(model: Any) -> Any:
    """Give a model whose every B is no longer zero."""
    part = small_part(model)
    return put_small_part(model, {n: a + 0.1 for n, a in part.items() if "lora_b" in n})


def run(case: Case) -> dict[str, Any]:
    keras.config.set_floatx(case.precision)
    keras.config.set_dtype_policy(case.precision)
    data = cases.data_for(case)
    model: Any = (Pairs if case.objective == "sequences" else Small)(cases.start())
    if case.model in ("glyphnet", "ears"):
        model = attach_head(load_backbone("glyphnet"), 10)
    if case.model == "policy":
        model = build_head(4, 1, hidden=(16,))
    if case.model == "dense":
        outputs = 64 if case.objective == "hidden patches" else 8
        model = build_dense(64, outputs, widths=(16, 12), hidden=(10,), seed=2)
    if case.model == "towers":
        model = build_two_towers(64, 12, outputs=6, width=5, seed=2)
    if case.objective == "tasks":
        model.head = two_heads(model)
    if case.frozen:
        freeze(model.image if case.model == "towers" else model.backbone)
    model = ADAPTED[case.adapt](model)
    if case.plan != "everything":
        freeze_plan(model, case.plan)
    objective = build_objective(case, model)
    train = partial(fit, epochs=cases.EPOCHS, callbacks=[GradualUnfreezing()] * case.unfreeze)
    if case.probe_first:
        train = partial(probe_then_fine_tune, probe_epochs=2, epochs=2, probe_optimizer=SGD(0.1))
    history = train(
        model,
        data,
        objective=objective,
        optimizer=case.recipe,
        validation=(data["x"], data["y"]),
        precision="float32",
        **{"batch_size": cases.BATCH_SIZE, **case.how},
    )
    backbone = getattr(model, "backbone", model)
    network = getattr(backbone, "network", backbone)
    return cases.report(history, named_arrays(network))


def two_heads(model: Any) -> Heads:
    second = dense(2, "domain")
    load_torch_layout(second, cases.start())
    return Heads({"first": model.head, "second": second}, cases.TASKS)


def build_objective(case: Case, model: Any) -> Objective:
    start = cases.start()
    if case.objective == "DANN":
        discriminator = dense(2, "domain")
        load_torch_layout(discriminator, start)
        return doubles.DANN(discriminator)
    if case.objective == "EWC":
        fisher = [cases.fisher("x", tuple(w.shape)) for w in model.trainable_weights]
        return doubles.EWC(BinaryCrossEntropy(), model, fisher, strength=3.0)
    if case.objective == "distillation":
        teacher = Small(start)
        load_torch_layout(teacher.head, start, renamed={"head": "teacher"})
        return doubles.Distillation(teacher, temperature=2.0)
    if case.objective in OBJECTIVES:
        return OBJECTIVES[case.objective](model)
    return CrossEntropy(**case.numbers)
