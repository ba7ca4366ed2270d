"""A program full of threads, of which the names say what is true: `stuck_…` never wakes, `fine_…` may.

One process and one snapshot for many tests; its scenarios know nothing of each other.
"""

THREADS = '''
import asyncio, os, queue, sys, threading, time

STARTED = []
QUEUE, EVENT, SIMPLE, LOCK = queue.Queue(), threading.Event(), queue.SimpleQueue(), threading.Lock()


def start(function, *args):
    thread = threading.Thread(target=function, args=args, name=function.__name__, daemon=True)
    STARTED.append(thread)
    thread.start()
    return thread


def stuck_on_an_event_of_its_own():
    threading.Event().wait()

def stuck_on_a_queue_of_its_own():
    queue.Queue().get()

def stuck_putting_into_a_full_queue():
    own = queue.Queue(1)
    own.put(1)
    own.put(2)

def stuck_on_a_semaphore_of_its_own():
    with threading.Semaphore(0):
        pass

def stuck_on_a_condition_of_its_own():
    condition = threading.Condition()
    with condition:
        condition.wait()

def stuck_on_a_barrier_alone():
    threading.Barrier(2).wait()

def stuck_on_a_queue_that_was_its_argument(own):
    own.get()

def stuck_joining_one_that_is():
    start(stuck_and_joined).join()

def stuck_and_joined():
    threading.Event().wait()

def stuck_on_what_only_a_stuck_one_holds(event):
    event.wait()

def stuck_holding_an_event():
    event = threading.Event()
    start(stuck_on_what_only_a_stuck_one_holds, event)
    threading.Event().wait()
    event.set()

def fine_on_a_global_queue():
    QUEUE.get()

def fine_on_a_global_event():
    EVENT.wait()

def fine_with_a_timeout():
    threading.Event().wait(3600)

def fine_on_a_simple_queue():
    queue.SimpleQueue().get()

def stuck_on_a_lock_of_its_own():
    own = threading.Lock()
    own.acquire()
    own.acquire()

def stuck_holding_one_lock_of_a_deadlock(first, second, both):
    first.acquire()
    both.wait()
    second.acquire()

def stuck_holding_the_other(first, second, both):
    second.acquire()
    both.wait()
    first.acquire()

def fine_for_all_we_know_entering_a_lock():
    own = threading.Lock()
    own.acquire()
    with own: pass

def fine_on_a_global_lock():
    LOCK.acquire()
    LOCK.acquire()

def fine_on_a_lock_that_a_sleeper_has(lock):
    lock.acquire()

def fine_asleep_with_a_lock():
    own = threading.Lock()
    with own:
        start(fine_on_a_lock_that_a_sleeper_has, own)
        time.sleep(3600)

def fine_on_a_lock_not_too_long():
    own = threading.RLock()
    start(fine_with_what_another_owns, own).join()

def fine_with_what_another_owns(own):
    own.acquire()
    start(fine_that_owns_nothing, own).join()

def fine_that_owns_nothing(own):
    own.acquire(timeout=3600)

def fine_joining_one_that_sleeps():
    start(fine_and_joined).join()

def fine_and_joined():
    time.sleep(3600)

def fine_joining_not_too_long():
    start(stuck_joined_for_a_while).join(3600)

def stuck_joined_for_a_while():
    threading.Event().wait()

def fine_on_an_event_that_a_timer_sets():
    event = threading.Event()
    timer = threading.Timer(3600, event.set)
    timer.daemon = True
    timer.start()
    event.wait()

def fine_on_an_event_that_another_has(event):
    event.wait()

def fine_that_has_an_event():
    event = threading.Event()
    start(fine_on_an_event_that_another_has, event)
    time.sleep(3600)
    event.set()

class Worker(threading.Thread):
    def __init__(self):
        super().__init__(name="fine_with_a_queue_that_others_see", daemon=True)
        self.queue = queue.Queue()
    def run(self):
        self.queue.get()

class Lost(threading.Thread):
    def __init__(self):
        super().__init__(name="stuck_with_a_queue_that_nobody_sees", daemon=True)
        self.queue = queue.Queue()
    def run(self):
        self.queue.get()

def in_a_loop():
    asyncio.run(fine_on_an_event_of_a_task())

async def fine_on_an_event_of_a_task():
    event = threading.Event()
    start(fine_on_what_a_task_has, event)
    await asyncio.sleep(3600)
    event.set()

def fine_on_what_a_task_has(event):
    event.wait()

EARLY = {"stuck_and_joined", "stuck_on_what_only_a_stuck_one_holds", "fine_and_joined", "stuck_joined_for_a_while",
    "fine_on_an_event_that_another_has", "fine_on_what_a_task_has", "stuck_on_a_queue_that_was_its_argument",
    "fine_on_an_event_of_a_task", "fine_on_a_lock_that_a_sleeper_has", "stuck_holding_one_lock_of_a_deadlock",
    "stuck_holding_the_other", "fine_with_what_another_owns", "fine_that_owns_nothing"}
for name, function in sorted(globals().items()):
    if name.startswith(("stuck_", "fine_")) and name not in EARLY:
        start(function)
start(stuck_on_a_queue_that_was_its_argument, queue.Queue())
start(in_a_loop)
def deadlock(first, second, both):
    start(stuck_holding_one_lock_of_a_deadlock, first, second, both)
    start(stuck_holding_the_other, first, second, both)
deadlock(threading.Lock(), threading.Lock(), threading.Barrier(2))
WORKER = Worker()
WORKER.start()
Lost().start()


def at_rest():
    """(function, line) of the innermost frame of each thread."""
    return {number: (frame.f_code.co_name, frame.f_lineno) for number, frame in sys._current_frames().items()}


WAITING = 36
while len(at_rest()) < WAITING:
    time.sleep(0.001)
before, since = None, 0.0
while time.monotonic() - since < 0.05:  # until nobody has moved for a while
    time.sleep(0.002)
    now = at_rest()
    if now != before:
        before, since = now, time.monotonic()
look()
os._exit(0)
'''
