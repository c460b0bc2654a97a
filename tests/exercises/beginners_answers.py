"""Answers that beginners give to chapters 00, 02 and 04, and what each of them should read.

Every entry is (exercise, body of the function, what happens): the name of the pitfall, a piece of
the message, or ``RIGHT``. The bodies stand without their ``def`` line.
"""

from __future__ import annotations

RIGHT = ""

STUBS = {
    "00.1": "to_unit(images)",
    "00.2": "above_baseline(y_learn, y_held_out, guesses)",
    "00.3": "why(h, weights, bias)",
    "00.4": "only_the_head(model)",
    "00.5": "scores(pictures, mean, deviation, weights, bias)",
    "00.6": "choose_split(sizes, accuracies, total, baseline)",
    "02.2": "surprise(z, y)",
    "02.3": "count_loss(z, y)",
    "02.4": "logit_gradient(z, y, smoothing)",
    "02.5": "backward(x, y, w1, b1, w2, b2)",
    "02.7": "choose_rate(hessian, decay)",
    "02.8": "initialise(model)",
    "02.9": "training_step(model, x, y, learning_rate)",
    "04.1": "head_parameters(height, width, channels, hidden, classes)",
    "04.2": "preprocess(images, scale, mean, std, order)",
    "04.3": "standardise(train, test)",
    "04.4": "ridge_path(features, labels, strengths)",
    "04.5": "choose_strength(strengths, scores)",
    "04.6": "paired_gain(transferred, scratch)",
    "04.7": "freeze_backbone(model)",
    "04.8": "extract(backbone, images, batch_size)",
}

_WHY = """
z = h @ weights + bias
p = np.exp(z) / np.exp(z).sum()
i = np.argsort({order})
return {returned}
"""


def why(order="-z", terms="h * (weights[:, i[0]] - weights[:, i[1]])", returned="p, np.argmax({})"):
    return _WHY.format(order=order, returned=returned.format(terms))


_SCORES = """
x = {x}
return (x - {mean}) / deviation @ weights + bias
"""


def scores(x="1 - pictures.reshape(len(pictures), -1) / 255", mean="mean"):
    return _SCORES.format(x=x, mean=mean)


_SPLIT = """
from course_lib import judging
kept = []
for size, p in zip(sizes, accuracies):
    n = {n}
    if judging.share_interval({right}, n).{end} > baseline:
        kept.append(size)
return {returned}
"""


def split(n="total - size", right="round(p * n)", end="low", returned="kept[-1]"):
    return _SPLIT.format(n=n, right=right, end=end, returned=returned)


_RIDGE = """
y = np.eye(labels.max() + 1)[labels]
hm, ym = features.mean(0), y.mean(0)
f, y = {f}, {y}
u, s, vt = np.linalg.svd(f, full_matrices=False)
w = np.stack([{v} @ ({shrink} * (u.T @ y)) for lam in strengths])
return w, ym - hm @ w
"""


def ridge(f="features - hm", y="y - ym", v="vt.T", shrink="(s / (s**2 + lam))[:, None]"):
    return _RIDGE.format(f=f, y=y, v=v, shrink=shrink)


_BACKWARD = """
z1 = x @ w1 + b1
h = np.maximum(z1, 0)
p = np.exp(h @ w2 + b2)
d2 = (p / p.sum(1, keepdims=True) - np.eye(len(b2))[y]) / len(x)
d1 = {d1}
return x.T @ d1, d1.sum(0), h.T @ d2, d2.sum(0)
"""

_STEP = """
p = {p}
loss = torch.nn.functional.cross_entropy(p, y{reduction})
{before}loss.backward()
with torch.no_grad():
    for w in model.parameters():
        {update}
return {returned}
"""


def step(
    p="model(x)",
    reduction="",
    before="model.zero_grad()\n",
    update="w -= learning_rate * w.grad",
    returned="loss.item()",
):
    return _STEP.format(p=p, reduction=reduction, before=before, update=update, returned=returned)


_CHOOSE = """
means = scores.mean(axis=1)
best = means.argmax()
se = {se}
{end}
"""


def choose(
    se="scores[best].std(ddof=1) / np.sqrt(scores.shape[1])",
    end="return strengths[means >= means[best] - se].max()",
):
    return _CHOOSE.format(se=se, end=end)


NUMPY = (
    (
        "00.2",
        "from statistics import mode, mean\na = mean(float(g == y) for g, y in zip(guesses, y_held_out))\n"
        "return a, a - mean(float(y == mode(y_learn.tolist())) for y in y_held_out)",
        RIGHT,
    ),
    (
        "00.2",
        "from sklearn.dummy import DummyClassifier\na = (guesses == y_held_out).mean()\n"
        "d = DummyClassifier().fit(y_learn.reshape(-1, 1), y_learn)\n"
        "return np.array([a, a - d.score(y_held_out.reshape(-1, 1), y_held_out)])",
        RIGHT,
    ),
    ("00.2", "return (guesses == y_held_out).mean()", "2 items"),
    (
        "00.2",
        "a = (guesses == y_held_out).mean()\nreturn a, a - np.bincount(y_held_out).max() / len(y_held_out)",
        "majority_of_the_held_out",
    ),
    (
        "00.2",
        "a = (guesses == y_held_out).mean()\nreturn a, a - np.bincount(y_learn).max() / len(y_learn)",
        "share_in_the_learning_half",
    ),
    ("00.1", "return (images - images.min()) / np.ptp(images)", "stretched"),
    (
        "00.3",
        why(terms="h * (weights[:, i[0]] - weights[:, i[1]]) + bias[i[0]] - bias[i[1]]"),
        RIGHT,
    ),
    ("00.3", why(order="z"), "the_two_lowest"),
    ("00.3", why(returned="p, 1 + np.argmax({})"), "counted_from_one"),
    ("00.3", why(returned="p, ({}).max()"), "the_term_itself"),
    ("00.3", why(returned="p, {}"), "a single number"),
    ("00.3", why(returned="p[i], np.argmax({})"), "sorted"),
    ("00.3", why(returned="p"), "2 items"),
    ("00.5", scores(x="(255 - pictures.reshape(len(pictures), -1)) / 255"), RIGHT),
    ("00.5", scores(x="-pictures.reshape(len(pictures), -1) / 255.0"), "All 9 values"),
    ("00.5", scores(x="0 - pictures.reshape(len(pictures), -1) / 255"), "minus_only"),
    ("00.5", scores(mean="x.mean()"), "own_overall_mean"),
    ("00.5", scores(mean="x.mean(axis=1, keepdims=True)"), "each_its_own_mean"),
    ("00.5", scores(x="1 - pictures / 255"), "the shape (3, 3)"),
    ("00.6", split(right="int(p * n)", returned="max(kept)"), RIGHT),
    ("00.6", split(right="p"), "takes two counts"),
    ("00.6", split(right="p", returned="max(kept, default=0)"), "nothing_found"),
    ("00.6", split(n="size"), "highest_accuracy"),
    ("00.6", split(n="total"), "highest_accuracy"),
    ("00.6", split(end="high"), "highest_accuracy"),
    ("00.6", split(returned="kept[0]"), "first_that_fits"),
    ("00.6", split(returned="kept"), "every_plan_that_fits"),
    ("00.6", "return sizes[accuracies > baseline][-1]", "highest_accuracy"),
    (
        "02.2",
        "z = z - z.max(1, keepdims=True)\np = np.exp(z) / np.exp(z).sum(1, keepdims=True)\n"
        "return -np.log(p[np.arange(len(y)), y]).mean()",
        "probability_zero",
    ),
    ("02.2", "return (np.log(np.exp(z).sum(1)) - z[np.arange(len(y)), y]).mean()", "infinit"),
    ("02.3", "mu = np.exp(z)\nreturn mu - y * z, (mu - y) / len(z)", "one number is asked for"),
    ("02.5", _BACKWARD.format(d1="d2 @ w2.T * (h > 0)"), RIGHT),
    ("02.5", _BACKWARD.format(d1="d2 @ w2 * (z1 > 0)"), "the transpose of w2"),
    (
        "02.7",
        "v = np.linalg.eigvalsh(hessian) + decay\nreturn 2 / (v[0] + v[-1]), v[0] / v[-1]",
        "ratio",
    ),
    (
        "04.1",
        "return (height * width * channels + 1) * 1024 + 1025 * 10, (channels + 1) * 10",
        "fixed_sizes",
    ),
    (
        "04.1",
        "f = (height * width * channels + 1) * hidden + (hidden + 1) * classes\n"
        "return (channels + 1) * classes, f",
        "swapped",
    ),
    ("04.1", "return 3, 4", "For the first of the pair (flattened), 1"),
    ("04.2", "return (images[..., order] / scale - mean) / std", "stays_double"),
    (
        "04.2",
        "return ((images[..., order] / scale - mean) / std).tolist()",
        "come as a list",
    ),
    (
        "04.2",
        "images /= scale\nreturn ((images[..., order] - mean) / std).astype(np.float32)",
        "in place: astype(np.float32) first",
    ),
    (
        "04.2",
        "return ((images[order] / scale - mean) / std).astype(np.float32)",
        "order numbers the colours, and these are the last axis",
    ),
    ("04.2", "return (images[:, order] / scale - mean) / std", "reorders_the_rows"),
    ("04.2", "return (images[..., ::-1] / scale - mean) / std", "always_reversed"),
    ("04.2", "return np.float32((images[..., order] / 255 - mean) / std)", "always_255"),
    ("04.2", "return images[..., order] / scale - mean / std", "forgets_the_parentheses"),
    ("04.2", "return np.float32((images[..., order] - mean) / std)", "forgets_the_scale"),
    ("04.2", "return np.float32(images[..., order] / scale)", "values are different"),
    (
        "04.3",
        "return (train - train.mean()) / train.std(), (test - train.mean()) / train.std()",
        "one_mean_for_all",
    ),
    (
        "04.3",
        "m, s = train.mean(0), train.std(0)\ns[s == 0] = 1\nreturn (train - m) / s, (test - m) / s",
        "compares_with_zero",
    ),
    (
        "04.3",
        "z = lambda m: (m - m.mean(0)) / m.std(0)\nreturn z(train), z(test)",
        "divides_by_zero_and_leaks",
    ),
    (
        "04.3",
        "m, s = train.mean(0), train.std(0)\n"
        "return np.nan_to_num((train - m) / s), np.nan_to_num((test - m) / s)",
        "hides_the_zero",
    ),
    (
        "04.3",
        "from sklearn.preprocessing import StandardScaler\n"
        "s = StandardScaler().fit(train)\nreturn s.transform(train), s.transform(test)",
        "StandardScaler()",
    ),
    (
        "04.3",
        "m, s = train.mean(0), train.std(0)\ns[np.ptp(train, 0) == 0] = 1\nreturn (train - m) / s, test",
        "In the test features, all 20 values are different; the first is at [0, 0]",
    ),
    ("04.4", ridge(), RIGHT),
    ("04.4", ridge(y="y"), RIGHT),  # centred features are orthogonal to the targets' means
    ("04.4", ridge(f="features", y="y"), "not_centred"),
    ("04.4", ridge(f="features"), "features_not_centred"),
    ("04.4", ridge(v="vt"), "what the formula calls V is the transpose"),
    ("04.4", ridge(shrink="(s**2 / (s**2 + lam))[:, None]"), "shrinks_the_fit"),
    ("04.4", ridge(shrink="(s / (s + lam))[:, None]"), "one_value_unsquared"),
    (
        "04.4",
        "from sklearn.linear_model import Ridge\ny = np.eye(labels.max() + 1)[labels]\n"
        "m = [Ridge(alpha=a).fit(features, y) for a in strengths]\n"
        "return [x.coef_.T for x in m], [x.intercept_ for x in m]",
        "Ridge(). This exercise excludes that call",
    ),
    *(
        ("04.4", f"return np.linalg.{name}(features)", f"numpy.linalg.{name}()")
        for name in ("inv", "solve", "lstsq", "pinv")
    ),
    (
        "04.4",
        "y = np.eye(labels.max() + 1)[labels]\nhm, ym = features.mean(0), y.mean(0)\n"
        "e, v = np.linalg.eigh((features - hm).T @ (features - hm))\n"
        "w = np.array([v @ np.diag(1 / (e + a)) @ v.T @ (features - hm).T @ (y - ym) for a in strengths])\n"
        "return w, ym - hm @ w",
        RIGHT,
    ),
    ("04.5", choose(), RIGHT),
    ("04.5", choose(se="scores.std(ddof=1) / np.sqrt(scores.shape[1])"), "deviation_of_all"),
    ("04.5", choose(se="scores[best].std(ddof=1) / np.sqrt(5)"), "five_folds"),
    ("04.5", choose(end="return best"), "index_of_best"),
    (
        "04.5",
        choose(end="return np.argmax(strengths == strengths[means >= means[best] - se].max())"),
        "index",
    ),
    (
        "04.5",
        choose(
            end="o = np.argsort(strengths)[::-1]\nreturn np.argmax(means[o] >= means[best] - se)"
        ),
        "index_in_order",
    ),
    (
        "04.5",
        "means = scores.mean(0)\nbest = means.argmax()\n"
        "se = scores[best].std(ddof=1) / np.sqrt(scores.shape[1])\n"
        "return strengths[means >= means[best] - se].max()",
        "it needs one for each strength: mean(axis=1)",
    ),
    (
        "04.5",
        "means = scores.mean(0)\nbest = means.argmax()\n"
        "se = scores[best].std(ddof=1) / np.sqrt(scores.shape[1])\n"
        "return max(s for s, m in zip(strengths, means) if m >= means[best] - se)",
        "means_of_folds",
    ),
    (
        "04.6",
        "n = len(scratch)\nfrom scipy import stats\n"
        "se = np.sqrt(transferred.var(ddof=1) / n + scratch.var(ddof=1) / n)\n"
        "t, d = stats.t.ppf(0.975, n - 1), transferred.mean() - scratch.mean()\n"
        "return d, d - t * se, d + t * se",
        "unpaired_with_own_freedom",
    ),
    (
        "04.6",
        "from scipy import stats\n"
        "low, high = stats.ttest_ind(transferred, scratch, equal_var=False).confidence_interval()\n"
        "return transferred.mean() - scratch.mean(), low, high",
        "unpaired_welch",
    ),
    ("04.6", "return 1.0, 2.0, 3.0", "For the mean gain, "),
)

_EXTRACT = """
{before}
features = []
with {context}:
    for i in range(0, len(images), batch_size):
        features.append(backbone({batch}){end})
{after}
return np.concatenate(features)
"""


def torch_extract(
    before="was = backbone.training\nbackbone.eval()",
    context="torch.no_grad()",
    batch="torch.as_tensor(images[i:i + batch_size])",
    end=".numpy()",
    after="backbone.train(was)",
):
    return _EXTRACT.format(before=before, context=context, batch=batch, end=end, after=after)


NO_CONTEXT = "torch.enable_grad()"

PYTORCH = (
    (
        "00.4",
        "count = lambda: sum(w.numel() for w in model.parameters() if w.requires_grad)\nbefore = count()\n"
        "for name, w in model.named_parameters():\n    w.requires_grad = 'head' in name\nreturn before, count()",
        RIGHT,
    ),
    (
        "00.4",
        "before = sum(w.numel() for w in model.parameters() if w.requires_grad)\nmodel.eval()\n"
        "return before, sum(w.numel() for w in model.head.parameters())",
        "as_it_came",
    ),
    (
        "00.4",
        "model.backbone.requires_grad_(False)\nmodel.head.requires_grad_(True)",
        "nothing_returned",
    ),
    (
        "02.4",
        "q = (1 - smoothing) * torch.eye(z.shape[1])[y] + smoothing / z.shape[1]\n"
        "return (torch.softmax(z, 0) - q) / len(z)",
        "wrong_axis",
    ),
    (
        "02.8",
        "for layer in (model[0], model[2]):\n    nn.init.kaiming_normal_(layer.weight)\n"
        "    layer.bias = nn.Parameter(torch.zeros_like(layer.bias))",
        RIGHT,
    ),
    ("02.9", step(), RIGHT),
    ("02.9", step(p="torch.softmax(model(x), 1)", before=""), "softmax_twice"),
    (
        "02.9",  # the shown function, copied
        step(p="torch.softmax(model(x), 1)", reduction=", reduction='sum'", before=""),
        "softmax_twice_and_sums",
    ),
    ("02.9", step(before=""), "gradients_pile_up"),
    ("02.9", step(returned="None"), "a return is missing"),
    (
        "04.2",
        "return torch.as_tensor(((images[..., order] / scale - mean) / std).astype('f4'))",
        "returns a tensor. A NumPy array of float32 is asked for",
    ),
    ("04.7", "model.backbone.eval()", "only_inference_mode"),
    (
        "04.7",
        "for p in model.backbone.parameters():\n    p.require_grad = False\nmodel.backbone.eval()",
        "only_inference_mode",
    ),
    (
        "04.7",
        "model.backbone.requires_grad = False\nmodel.backbone.eval()",
        "only_inference_mode",
    ),
    ("04.7", "with torch.no_grad():\n    model.backbone.eval()", "only_inference_mode"),
    (
        "04.7",
        "for p in model.backbone.parameters():\n    p.require_grad = False",
        "nothing_frozen",
    ),
    ("04.7", "model.eval()\nmodel.backbone.requires_grad_(False)", "head_in_inference_mode"),
    (
        "04.7",
        "model.eval()\nmodel.backbone.requires_grad_(False)\nmodel.head.train()",
        RIGHT,
    ),
    ("04.7", "model.requires_grad_(False)\nmodel.backbone.eval()", "head_frozen_too"),
    ("04.8", torch_extract(), RIGHT),
    ("04.8", torch_extract(after="backbone.train()"), "forces_training_mode"),
    ("04.8", torch_extract(after=""), "changes_the_backbone"),
    (
        "04.8",
        torch_extract(context=NO_CONTEXT, end=".detach().numpy()", after=""),
        "changes_the_backbone",
    ),
    ("04.8", torch_extract(context=NO_CONTEXT, end=".detach().numpy()"), "records_gradients"),
    (
        "04.8",
        torch_extract(before="", context=NO_CONTEXT, end=".detach().numpy()", after=""),
        "training_mode",
    ),
    (
        "04.8",
        torch_extract(context=NO_CONTEXT),
        "Gradients are being recorded, so a tensor can't simply",
    ),
    (
        "04.8",
        torch_extract(batch="torch.as_tensor(images[i:i + batch_size]).permute(0, 3, 1, 2)"),
        "permutes_the_axes",
    ),
    (
        "04.8",
        torch_extract(batch="images[i:i + batch_size]"),
        "The backbone wants a tensor: torch.as_tensor(batch).",
    ),
    (
        "04.8",
        "import copy\nwith torch.no_grad():\n"
        "    return copy.deepcopy(backbone).eval()(torch.as_tensor(images)).numpy()",
        "all_at_once",
    ),
    (
        "04.8",
        "import copy\nfrozen = copy.deepcopy(backbone).eval()\nwith torch.no_grad():\n"
        "    return torch.cat([frozen(x) for x in torch.as_tensor(images).split(1)]).numpy()",
        RIGHT,
    ),
    (
        "04.8",
        "was = backbone.training\nbackbone.eval()\nwith torch.no_grad():\n"
        "    f = np.stack([backbone(torch.as_tensor(x[None]))[0] for x in images])\n"
        "backbone.train(was)\nreturn f",
        RIGHT,
    ),
)

_KERAS = """
features = []
for i in range(0, len(images), {step}):
    features.append(ops.convert_to_numpy(backbone({batch}, training={training})))
{after}
return np.concatenate(features)
"""


def keras_extract(step="batch_size", batch="images[i:i + batch_size]", training="False", after=""):
    return _KERAS.format(step=step, batch=batch, training=training, after=after)


KERAS = (
    (
        "04.2",
        "return ops.cast((images[..., order] / scale - mean) / std, 'float32')",
        "returns a tensor. A NumPy array of float32 is asked for",
    ),
    ("04.7", "model.backbone.requires_grad = False", "nothing_frozen"),
    ("04.7", "for layer in model.backbone.layers:\n    layer.trainable = False", RIGHT),
    ("04.8", keras_extract(after="backbone.trainable = True"), "forces_training_mode"),
    ("04.8", keras_extract(after="backbone.trainable = False"), "changes_the_backbone"),
    (
        "04.8",
        keras_extract(batch="np.transpose(images[i:i + batch_size], (0, 3, 1, 2))"),
        "permutes_the_axes",
    ),
    ("04.8", keras_extract(training="True"), "training_mode"),
    ("04.8", keras_extract(step="1", batch="images[i:i + 1]"), RIGHT),
    ("04.8", keras_extract(step="1", batch="ops.convert_to_tensor(images[i:i + 1])"), RIGHT),
)
