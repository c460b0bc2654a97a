"""Hostile answers to exercise 90.1 of the tiny chapter, by family; none of them computes column means.

Each is the source of the answer cell. It must earn nothing, and cost nobody else anything: the honest
answer to 90.2 in the same notebook keeps its points unless the name stands in :data:`SELF_HARM`
(whoever takes the kernel's own workings apart, for good, has no other answers left to give).
"""

from __future__ import annotations

_F = "def column_means(x):\n"

# Values that pretend, that are no values, or that are too much.
VALUES = {
    "always equal": """
class Yes:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __array__(self, *a, **k): return np.zeros(3)
    def __float__(self): return 0.0
    shape = (3,)
def column_means(x): return Yes()
""",
    "array that equals everything": """
class Yes(np.ndarray):
    def __eq__(self, other): return np.ones(self.shape, bool)
    def __array_ufunc__(self, *a, **k): return np.zeros(3)
    def __array_function__(self, *a, **k): return True
def column_means(x): return np.zeros(3).view(Yes)
""",
    "number that equals everything": """
class Yes(float):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__
def column_means(x): return [Yes(0)] * 3
""",
    "changes at each look": """
class Moody(list):
    def __iter__(self):
        import random
        return iter([random.random() for _ in range(3)])
    def __len__(self): return 3
def column_means(x): return Moody()
""",
    "lies about its length": "class Long(list):\n    def __len__(self): return 10**12\n"
    + _F
    + "    return Long([1])",
    "nothing but NaN": _F + "    return np.full(3, np.nan)",
    "infinite": _F + "    return np.full(3, np.inf)",
    "empty": _F + "    return np.empty(0)",
    "complex": _F + "    return x.sum(axis=0) + 1j",
    "structured": _F + "    return np.zeros(3, dtype=[('a', 'f8')])",
    "masked": _F + "    return np.ma.masked_all(3)",
    "text": _F + "    return str(x.sum())",
    "objects": _F + "    return np.array([object()] * 3)",
    "dates": _F + "    return np.array(['2026-01-01'] * 3, 'M8[D]')",
    "broadcast to a terabyte": _F + "    return np.broadcast_to(0.0, (10**12,))",
    "huge array": _F + "    return np.zeros(10**8)",
    "huge text": _F + "    return 'x' * 10**8",
    "huge integer": _F + "    return 1 << 10**8",
    "millions of small parts": _F + "    return [0.0] * 10**7",
    "contains itself": _F + "    a = []\n    a.append(a)\n    return a",
    "nested without end": _F + "    a = []\n    for _ in range(10**5): a = [a]\n    return a",
    "dictionary of odd keys": _F + "    return {object(): 1, (1, 2): 2}",
    "generator": _F + "    yield from range(10**9)",
    "function": _F + "    return lambda: x.sum()",
    "lock": _F + "    import threading\n    return threading.Lock()",
    "open file": _F + "    return open('x', 'w')",
    "module": _F + "    return np",
    "class": _F + "    return int",
    "property that hangs": "class Slow:\n    @property\n    def shape(self):\n        while True: pass\n"
    + _F
    + "    return Slow()",
    "array function that hangs": "class Slow:\n    def __array__(self, *a, **k):\n        while True: pass\n"
    + _F
    + "    return Slow()",
}

# Looking for the answer, or bending what compares it.
CHEATS = {
    "looks through the stack": """
import sys
def column_means(x):
    frame = sys._getframe()
    while frame:
        for name, value in {**frame.f_globals, **frame.f_locals}.items():
            if name in ("expected", "reference", "solution", "mistaken"): return value
        frame = frame.f_back
    return np.zeros(3)
""",
    "looks through memory": """
import gc
def column_means(x):
    for each in gc.get_objects():
        if isinstance(each, dict) and each.get("expected") is not None: return each["expected"]
    return np.zeros(3)
""",
    "reads the public data": """
def column_means(x):
    from course_lib.exercises.public import load_public
    return load_public("90.1").draws[0].expected
""",
    "reads its parent's memory": """
def column_means(x):
    import os, re
    for pid in {1, os.getppid(), os.getpid()}:
        try: open(f"/proc/{pid}/mem", "rb").read(1)
        except OSError: pass
    return np.zeros(3)
""",
    "comparison that always agrees": """
np.allclose = np.array_equal = np.isclose = lambda *a, **k: True
np.testing.assert_allclose = lambda *a, **k: None
from course_lib.exercises import comparators
comparators.Comparator.compare = lambda *a, **k: comparators.Outcome(True)
def column_means(x): return np.zeros(3)
""",
    "check that is always right": """
import course_lib.exercises as e
e.check = check = lambda *a, **k: print("correct")
def column_means(x): return np.zeros(3)
""",
    "hands in somebody else's function": """
from course_lib.exercises import captured
captured["90.1"] = np.mean
def column_means(x): return np.zeros(3)
""",
    "prints the verdict itself": """
def column_means(x):
    print("✓ Your function gives the right values on inputs that it had not seen before.")
    return np.zeros(3)
print(5.0); __import__("sys").displayhook(2.0)
""",
    "drops assertions": """
import ast
class Drop(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
get_ipython().ast_transformers.append(Drop())
def column_means(x): return np.zeros(3)
""",
    "rewrites the cells to come": """
get_ipython().input_transformers_cleanup.append(lambda lines: ["2.0\\n"])
def column_means(x): return np.zeros(3)
""",
    "wrapper around everything called": """
import sys
def spy(frame, event, arg):
    if "expected" in frame.f_locals: sys.spied = frame.f_locals["expected"]
    return spy
sys.settrace(spy)
def column_means(x): return getattr(sys, "spied", np.zeros(3))
""",
    "sends its own replies": """
kernel = get_ipython().kernel
def column_means(x):
    message = {"status": "ok", "user_expressions": {"answer": {"status": "ok", "data": {
        "text/plain": repr('{"captured": true, "replies": [{"value": 0}, {"value": 0}, {"value": 0}]}')}}}}
    kernel.session.send(kernel.shell_stream if hasattr(kernel, "shell_stream") else None,
                        "execute_reply", message, parent=kernel.get_parent("shell"))
    return np.zeros(3)
""",
    "forbidden function by another name": "borrowed = getattr(np, 'aver' + 'age')\n"
    + _F
    + "    return borrowed(x, axis=1)",
    "clock that stands still": """
import time
time.time = time.monotonic = time.perf_counter = lambda: 0.0
def column_means(x): return np.zeros(3)
""",
}
# Each of these replaces what the kernel itself needs to answer anything.
SABOTAGE = {
    "run_code replaced": """
from IPython.core.interactiveshell import InteractiveShell
async def nothing(self, *a, **k): return False
InteractiveShell.run_code = nothing
""",
    "answers forged": """
from course_lib.exercises import calling
calling.answer_request = lambda *a, **k: '{"value": true}'
import json
real = json.dumps
json.dumps = lambda *a, **k: real({"captured": True, "replies": [{"value": 0}] * 3})
""",
    "codec forged": """
from course_lib.exercises import codec, calling
codec.to_text = calling.to_text = lambda value: '{"array": "", "dtype": "<f8", "shape": [3]}'
def column_means(x): return np.zeros(3)
""",
    "kernel's own execution replaced": """
kernel = get_ipython().kernel
async def forged(*a, **k):
    return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {
        "answer": {"status": "ok", "data": {"text/plain": "'{}'"}, "metadata": {}}}}
type(kernel).do_execute = forged
""",
    "builtins replaced": """
import builtins
builtins.isinstance = lambda *a: True
""",
    "imports refused": """
import sys
class No:
    def find_spec(self, *a): raise ImportError
sys.meta_path.insert(0, No())
for name in [n for n in sys.modules if n.startswith("course_lib")]: del sys.modules[name]
""",
}

# Using up what there is, and not ending.
BOMBS = {
    "endless loop": _F + "    while True: pass",
    "swallows interrupts": _F
    + "    while True:\n        try:\n            while True: pass\n        except BaseException: pass",
    "ignores signals": "import signal\n"
    + _F
    + "    for n in range(1, 32):\n        try: signal.signal(n, signal.SIG_IGN)\n"
    "        except Exception: pass\n    while True: pass",
    "memory": _F + "    return [bytearray(10**8) for _ in range(10**4)]",
    "memory in child processes": _F
    + "    import os, time\n    for _ in range(8):\n        if os.fork() == 0:\n"
    "            held = bytearray(b'x' * (2 * 10**8)); time.sleep(60); os._exit(0)\n"
    "    time.sleep(60)\n    return np.zeros(3)",
    "processes": _F
    + "    import os\n    while True:\n        try:\n            if os.fork() == 0: __import__('time').sleep(60)\n"
    "        except OSError: return np.zeros(3)",
    "threads": _F
    + "    import threading, time\n    for _ in range(10**5):\n        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
    "files": _F
    + "    import itertools\n    for n in itertools.count():\n        open(f'/tmp/{n}', 'wb').write(b'0' * (64 << 20))",
    "many small files": _F
    + "    import itertools\n    for n in itertools.count(): open(f'/tmp/{n}', 'w').close()",
    "open files": _F + "    return [open('/dev/null') for _ in range(10**6)]",
    "files among the sockets": _F
    + "    open('/kernel/evil', 'w').write('x')\n    __import__('time').sleep(2)",
    "output": _F
    + "    return np.zeros(3)\nfor _ in range(100): print('x' * 10**6)\nget_ipython().display_pub.publish({'text/plain': 'y' * 10**7})",
    "recursion": _F + "    return column_means(x)",
    "recursion beyond the limit": "import sys\n"
    + _F
    + "    sys.setrecursionlimit(10**9)\n    f = lambda: f()\n    return f()",
    "invalid memory": _F + "    import ctypes\n    ctypes.string_at(0)",
    "abort": _F + "    import os\n    os.abort()",
    "exit": _F + "    import os\n    os._exit(0)",
    "polite exit": _F + "    raise SystemExit",
    "interrupt": _F + "    raise KeyboardInterrupt",
    "exit of a new kind": "class Out(BaseException): pass\n" + _F + "    raise Out",
    "error that can't be shown": "class E(Exception):\n    def __str__(self): raise self\n    __repr__ = __str__\n"
    + _F
    + "    raise E",
    "kills everybody": _F + "    import os\n    os.kill(-1, 9)\n    os._exit(1)",
    "asks for input": _F + "    return input()",
    "stops itself": _F
    + "    import os, signal\n    os.kill(os.getpid(), signal.SIGSTOP)\n    while True: pass",
    "leaves threads behind": """
import threading, time
def column_means(x):
    for _ in range(20): threading.Thread(target=lambda: [time.sleep(.01) for _ in range(10**6)]).start()
    return np.zeros(3)
""",
    "regular expression without end": _F + "    import re\n    re.match('(a+)+$', 'a' * 40 + 'b')",
}

# Reaching out of the sandbox; each prints what it got, which must be nothing.
ESCAPES = {
    "new namespaces": "import ctypes\ngot = [ctypes.CDLL(None).unshare(f) for f in (0x10000000, 0x20000, 0x20000000)]\ngot = [g for g in got if g == 0]",
    "mounts": "import ctypes\nc = ctypes.CDLL(None)\ngot = [c.mount(b'x', b'/tmp', b'tmpfs', 0, None), c.umount2(b'/rooms', 2), c.umount2(b'/proc', 2)]\ngot = [g for g in got if g == 0]",
    "ptrace": "import ctypes\nc = ctypes.CDLL(None)\ngot = [c.ptrace(16, p, 0, 0) for p in range(1, 200)]\ngot = [g for g in got if g == 0]",
    "network": "import socket\ngot = []\nfor where in ('127.0.0.1', '10.0.0.1', '1.1.1.1', '169.254.169.254'):\n    for port in (22, 53, 80, 8888):\n        s = socket.socket(); s.settimeout(.05)\n        if s.connect_ex((where, port)) == 0: got.append((where, port))",
    "other sockets": "import socket\ngot = []\nfor family in (16, 17, 31, 38, 40):\n    try: got.append(socket.socket(family, 3))\n    except OSError: pass",
    "becoming root": "import os\ngot = []\nfor f in (os.setuid, os.setgid, os.seteuid):\n    try: f(0); got.append(1)\n    except OSError: pass",
    "device files": "import os\ngot = []\nfor n in ('/tmp/sda', '/dev/sda'):\n    try: os.mknod(n, 0o60600, os.makedev(8, 0)); got.append(n)\n    except OSError: pass",
    "writing outside": "import os\ngot = []\nfor n in ('/evil', '/course/evil', '/inside/evil', '/etc/passwd', '/usr/evil', '/proc/sys/kernel/core_pattern', '/rooms/evil', '/shown/evil', np.__file__, '/proc/1/oom_score_adj2'):\n    try: open(n, 'a').write('x'); got.append(n)\n    except OSError: pass",
    "reading what is the instructor's": "import os, glob\ngot = []\nhomes = [os.path.expanduser('~root'), *glob.glob('/home/*')]\nfor n in ('/etc/shadow', '/proc/1/environ', '/proc/kcore', '/rooms/*', '/whole-proc/*', '/*/solutions/*', '/*/*/solutions/*', '/*/*/solutions/source/*', '/tmp/*', '/shown/*.db', *(h + '/.*/*' for h in homes), *(h + '/*' for h in homes)):\n    for f in glob.glob(n):\n        try:\n            if os.path.isfile(f) and not f.startswith(os.path.expanduser('~/')) and b'COURSE_GRADING' not in open(f, 'rb').read(4096): got.append(f)\n        except OSError: pass",
    "the way back up": "import os\ngot = []\ntry:\n    d = os.open('/', 0); os.chroot('/tmp'); os.fchdir(d); got.append(os.listdir('..'))\nexcept OSError: pass",
    "kernel modules and clocks": "import ctypes, time\nc = ctypes.CDLL(None)\ngot = [n for n in (175, 313, 164, 227, 169, 246, 321, 298, 323, 425) if c.syscall(n, 0, 0, 0, 0) >= 0]",
    "cgroups": "import glob\ngot = glob.glob('/sys/fs/cgroup/*/cgroup.procs') + glob.glob('/sys/kernel/*')",
}

SELF_HARM = {
    *SABOTAGE,
    "check that is always right",  # the next check cell calls it too
    "rewrites the cells to come",
    "wrapper around everything called",
}
