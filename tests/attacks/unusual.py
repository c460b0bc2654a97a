"""Right answers to exercise 90.1, written as nobody would expect. All of them earn their points."""

from __future__ import annotations

_F = "def column_means(x):\n"

UNUSUAL = {
    "list": _F + "    return [float(sum(c)) / len(c) for c in x.T]",
    "tuple": _F + "    return tuple(x.mean(axis=0).tolist())",
    "float32": _F + "    return (x.astype('f8').mean(axis=0)).astype('f8')[:]",
    "long double": _F + "    return x.astype(np.longdouble).mean(axis=0).astype(float)",
    "big-endian": _F + "    return x.mean(axis=0).astype('>f8')",
    "read-only": _F + "    r = x.mean(axis=0)\n    r.flags.writeable = False\n    return r",
    "view with steps": _F + "    return np.repeat(x.mean(axis=0), 2)[::2]",
    "reversed view": _F + "    return x.mean(axis=0)[::-1].copy()[::-1]",
    "fortran order": _F + "    return np.asfortranarray(x).mean(axis=0)",
    "lambda": "column_means = lambda x: x.mean(axis=0)",
    "callable object": "class M:\n    def __call__(self, x): return x.mean(axis=0)\ncolumn_means = M()",
    "bound method": "class M:\n    def means(self, x): return x.mean(axis=0)\ncolumn_means = M().means",
    "partial": "import functools\ncolumn_means = functools.partial(np.mean, axis=0)",
    "cached and decorated": "import functools\ndef loud(f):\n    @functools.wraps(f)\n    def g(*a, **k): return f(*a, **k)\n    return g\n@loud\n"
    + _F
    + "    return x.mean(axis=0)",
    "other parameter names": "def column_means(matrix):\n    return matrix.mean(axis=0)",
    "more parameters": "def column_means(x, axis=0, *, keep=False):\n    return x.mean(axis=axis, keepdims=keep)",
    "any parameters": "def column_means(*args, **named):\n    (x,) = (*args, *named.values())\n    return x.mean(axis=0)",
    "helpers outside": "def total(x): return x.sum(axis=0)\nN = len\n"
    + _F
    + "    return total(x) / N(x)",
    "warns and writes to stderr": "import sys, warnings\n"
    + _F
    + "    warnings.warn('careful'); print('note', file=sys.stderr)\n    return x.mean(axis=0)",
    "prints a lot": _F
    + "    print('thinking', x.shape)\n    return x.mean(axis=0)\nprint('x' * 10000)",
    "changes its argument": _F + "    x /= len(x)\n    return x.sum(axis=0)",
    "matrix product": _F + "    return np.ones(len(x)) @ x / len(x)",
    "einsum": _F + "    return np.einsum('ij->j', x) / x.shape[0]",
    "plain Python in a thread": "import threading\n"
    + _F
    + "    out = []\n    t = threading.Thread(target=lambda: out.append(x.mean(axis=0)))\n    t.start(); t.join()\n    return out[0]",
    "child process": "import multiprocessing as mp\n"
    + _F
    + "    with mp.get_context('fork').Pool(1) as pool: return pool.apply(np.mean, (x, 0))",
    "async underneath": "import asyncio\n"
    + _F
    + "    async def f(): return x.mean(axis=0)\n    loop = asyncio.new_event_loop()\n    c = f()\n    try: c.send(None)\n    except StopIteration as e: return e.value",
    "中文名字": "def 平均(数据): return 数据.mean(axis=0)\ncolumn_means = 平均",
    "scratch files": _F
    + "    import tempfile\n    with tempfile.TemporaryFile() as f:\n        np.save(f, x); f.seek(0)\n        return np.load(f).mean(axis=0)",
}
