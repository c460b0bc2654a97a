"""More hostile answers to exercise 90.1: against the kernel's own workings, and with a framework in it.

As in :mod:`.hostile`: each is the source of the answer cell, must earn nothing and cost nobody else
anything. Whatever prints ``LEAK`` has got at something that it should not show.
"""

from __future__ import annotations

_F = "def column_means(x):\n"

VALUES = {
    "asks to be unpickled": """
class P:
    def __reduce__(self): return (__import__("os").system, ("touch /tmp/pwned",))
def column_means(x): return P()
""",
    "evaluated later": _F + "    return map(float, range(3))",
    "memory map of nothing": _F
    + "    return np.memmap('/dev/zero', dtype='f8', mode='r', shape=(10**8,))",
    "numbers that are none": """
class N:
    def __float__(self): raise SystemExit
    __index__ = __int__ = __float__
def column_means(x): return np.array([N()] * 3, dtype=object)
""",
    "dictionary that changes": """
class D(dict):
    def items(self): return [(str(np.random.random()), 0.0)]
def column_means(x): return D(a=1)
""",
    "text that is code": _F + '    return \'__import__("os").system("touch /tmp/pwned")\'',
}

CHEATS = {
    "shows all its points": """
import sys
def column_means(x):
    sys.displayhook(2.0)
    return np.zeros(3)
sys.displayhook(2.0)
""",
    "listens in a thread": """
import sys, threading, time
def listen():
    while True:
        for frame in list(sys._current_frames().values()):
            while frame:
                for name, value in list(frame.f_locals.items()):
                    if name in ("requests", "inputs", "given", "asked"): print("LEAK", value, flush=True)
                frame = frame.f_back
        time.sleep(0.002)
threading.Thread(target=listen, daemon=True).start()
def column_means(x):
    print("LEAK", x)
    return np.zeros(3)
""",
    "a client of its own kernel": """
import subprocess, sys
code = '''
import json
from jupyter_client import BlockingKernelClient
c = BlockingKernelClient(); c.load_connection_info(json.load(open("/kernel/connection.json")))
c.start_channels()
c.execute("from course_lib.exercises import captured; captured['90.1'] = lambda x: 'x'")
c.execute("print('LEAK')")
'''
subprocess.Popen([sys.executable, "-c", code])
def column_means(x): return np.zeros(3)
""",
    "leaves start-up files": """
import os, pathlib
for place in ("~/.ipython/profile_default/startup/00.py", "~/sitecustomize.py", "~/usercustomize.py",
              "~/.local/lib/python3.11/site-packages/sitecustomize.py", "/tmp/sitecustomize.py"):
    path = pathlib.Path(place).expanduser()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("import builtins; builtins.evil = True; print('LEAK')")
if not hasattr(__import__("builtins"), "evil"): os._exit(0)  # and now a new kernel, please
def column_means(x): return x.mean(axis=0)
""",
    "at the end of the process": """
import atexit
atexit.register(print, "LEAK")
class Last:
    def __del__(self): print("LEAK")
keep = Last()
def column_means(x, last=Last()): return np.zeros(3)
""",
    "modules of its own": """
import sys, types
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("course_lib"): sys.modules[name] = types.ModuleType(name)
sys.meta_path.insert(0, Finder())
for name in [n for n in sys.modules if n.startswith("course_lib")]: del sys.modules[name]
def column_means(x): return np.zeros(3)
""",
    "NumPy rewritten": """
class Anything(type(np)):
    def __getattribute__(self, name): return lambda *a, **k: True
def column_means(x): return np.zeros(3)
np.__class__ = Anything
""",
    "hooks before and after each cell": """
ip = get_ipython()
for when in ("pre_execute", "pre_run_cell", "post_execute", "post_run_cell"):
    ip.events.register(when, lambda *a: ip.user_ns.update(check=lambda *a: 2.0))
ip.set_custom_exc((Exception,), lambda *a, **k: [])
def column_means(x): return np.zeros(3)
""",
    "clears what was shown": """
from IPython.display import HTML, Javascript, clear_output, display
def column_means(x):
    clear_output(); display(HTML("<b>Correct</b>")); display(Javascript("alert(1)"))
    return np.zeros(3)
""",
    "magics": "%xmode Minimal\n%autocall 2\n%pdb on\n",
    "asks a neighbour": """
def column_means(x):
    from course_lib.exercises import captured
    return captured["90.2"](x) if "90.2" in captured else np.zeros(3)
""",
    "clock ahead": """
import time
time.time = lambda real=time.time: real() + 10**9
time.monotonic = lambda real=time.monotonic: real() * 1000
def column_means(x): return np.zeros(3)
""",
    "kept beforehand": """
from course_lib.exercises import checking
checking.kept["90.1"] = checking.captured["90.1"] = np.zeros
checking.keep = lambda *a: None
def column_means(x): return np.zeros(3)
""",
}

# The answer as the kernel shows it, to be read by the grader: as source code it would fill its memory.
_SHOWS = """
ip = get_ipython()
ip.user_expressions = lambda asked: {{
    name: {{"status": "ok", "data": {{"text/plain": {0}}}, "metadata": {{}}}} for name in asked
}}
def column_means(x): return np.zeros(3)
"""

BOMBS = {
    "an answer that is source code": _SHOWS.format("'[' + '1,' * 4_000_000 + ']'"),
    "an answer of many texts": _SHOWS.format("\"'a' \" * 3_000_000"),
    "an answer without end": _SHOWS.format("repr('[' * 10_000_000)"),
    "files in a folder among the sockets": "import os\nos.makedirs('/kernel/home')\n"
    "for n in range(9): open(f'/kernel/home/{n}', 'wb').write(b'0' * (20 << 20))\n__import__('time').sleep(1)\n"
    + _F
    + "    return x.mean(axis=0)",
    "files that were removed while open": "import os\nheld = []\n"
    "for n in range(9):\n    held.append(open(f'/kernel/k-{n}x', 'wb')); os.unlink(f'/kernel/k-{n}x')\n"
    "__import__('time').sleep(1)\n" + _F + "    return x.mean(axis=0)",
    "one huge error": _F + "    raise ValueError('x' * 10**8)",
    "a flood of messages": _F
    + "    return np.zeros(3)\nfor n in range(30000): get_ipython().display_pub.publish({'text/plain': str(n)})",
    "links among the sockets": "import os\nfor n in range(3): os.symlink('/etc/passwd', f'/kernel/k-{n}')\n"
    + _F
    + "    __import__('time').sleep(2)",
    "shared memory": _F
    + "    import itertools\n    for n in itertools.count(): open(f'/dev/shm/{n}', 'wb').write(b'0' * (64 << 20))",
    "slow leak": "held = []\n"
    + _F
    + "    held.append(np.ones(3_000_000))\n    return np.zeros(3)\nfor _ in range(10): column_means(0)",
    "spinning threads": _F + "    import threading\n    a = np.ones((800, 800))\n"
    "    for _ in range(16): threading.Thread(target=lambda: [a @ a for _ in range(10**5)], daemon=True).start()\n"
    "    return np.zeros(3)",
    "alarms": "import signal\nsignal.signal(signal.SIGALRM, lambda *a: 1 / 0)\n"
    "signal.setitimer(signal.ITIMER_REAL, .01, .01)\n" + _F + "    return np.zeros(3)",
    "a fork that answers too": _F + "    import os\n    os.fork()\n    return np.zeros(3)",
}

# With a framework in the kernel: values that are not there yet, or that pretend.
WITH_TORCH = {
    "tensor on the meta device": "import torch\n" + _F + "    return torch.empty(3, device='meta')",
    "tensor that equals everything": """
import torch
class Yes(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None): return torch.zeros(3)
def column_means(x): return torch.zeros(3).as_subclass(Yes)
""",
    "sparse tensor": "import torch\n" + _F + "    return torch.zeros(3).to_sparse()",
    "tensor expanded to a terabyte": "import torch\n"
    + _F
    + "    return torch.zeros(1).expand(10**12)",
    "PyTorch rewritten": """
import torch
torch.Tensor.numpy = torch.Tensor.detach = lambda self, *a, **k: np.zeros(3)
torch.as_tensor = torch.tensor = torch.from_numpy = lambda *a, **k: None
def column_means(x): return torch.zeros(3)
""",
    "module instead of a tensor": "import torch\n" + _F + "    return torch.nn.Linear(3, 3)",
}

ESCAPES = {
    "the sockets of other kernels": """
import glob, socket
got = [n for n in glob.glob('/rooms/**', recursive=True) if n not in ('/rooms', '/rooms/')]
got += [n for n in glob.glob('/**/k-*') if not n.startswith('/kernel/')]
for name in ('mine', '/tmp/.X11-unix/X0', 'dbus'):
    try: socket.socket(1).connect('\\0' + name); got.append(name)
    except OSError: pass
""",
    "links that lead out": """
import os
got = []
for place in [f'/proc/{who}/{what}' for who in ('1', 'self') for what in ('root', 'root/../..', 'cwd', 'fd/0')]:
    os.symlink(place, 'link')
    try: got += [f for f in os.listdir('link') if f in ('boot', 'gradebook.db', 'submitted', '.ssh')]
    except OSError: pass
    os.unlink('link')
""",
    "memory of others": """
import os
got = []
for pid in [p for p in os.listdir('/proc') if p.isdigit() and int(p) != os.getpid()]:
    for file in ('mem', 'environ', 'maps'):
        try:
            if open(f'/proc/{pid}/{file}', 'rb').read(16): got.append((pid, file))
        except OSError: pass
""",
    "the grader's descriptors": """
import os
got, known = [], ('/dev/', '/usr/', '/proc/', '/home/student', '/tmp/', '/memfd', '/kernel/', '/etc/')
for number in range(3, 300):
    try: place = os.readlink(f'/proc/self/fd/{number}')
    except OSError: continue
    if place.startswith('/') and not place.startswith(known) and '/lib/python' not in place: got.append(place)
""",
    "locks on what is shown": """
import fcntl, glob
got = []
for name in glob.glob('/course/course_lib/*.py')[:3]:
    try: open(name, 'r+'); got.append(name)
    except OSError: pass
""",
}

# They take their own kernel apart, and have no other answers left to give.
SELF_HARM = {
    *("leaves start-up files", "modules of its own", "NumPy rewritten", "clock ahead", "alarms"),
    *("hooks before and after each cell", "a fork that answers too"),
    *("an answer that is source code", "an answer of many texts", "an answer without end"),
}
