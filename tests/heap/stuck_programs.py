"""Programs full of tasks, of which the names say what is true: `stuck_…` never wakes, `fine_…` may.

Each is one process and one snapshot for many tests; its scenarios know nothing of each other.
"""

TASKS = '''
import asyncio, atexit, concurrent.futures, contextvars, ctypes, functools, gc, os, signal, socket, subprocess, sys
import threading, weakref

PYTHON = False
if PYTHON:  # asyncio without its C code
    asyncio.tasks.Task = asyncio.Task = asyncio.tasks._PyTask
    asyncio.futures.Future = asyncio.Future = asyncio.futures._PyFuture
gc.disable()  # what nobody holds is to be there when we look

HELD, FUTURES, QUEUE, CALLBACKS, ERRORS = set(), {}, None, [], []
WEAK = weakref.WeakValueDictionary()
VARIABLE = contextvars.ContextVar("VARIABLE")
GO_ON, READY = threading.Event(), []


def new_future():
    return asyncio.get_running_loop().create_future()


def start(coroutine, **more):
    return asyncio.get_running_loop().create_task(coroutine, **more)


async def lost():
    await new_future()


# ---- stuck -----------------------------------------------------------------------------------------------------------

async def stuck_on_a_lost_future():
    await new_future()

async def stuck_deep_inside():
    async def one():
        await two()
    async def two():
        await lost()
    await one()

async def stuck_on_a_queue_of_its_own():
    await asyncio.Queue().get()

async def stuck_putting_into_a_full_queue_of_its_own():
    queue = asyncio.Queue(1)
    await queue.put(1)
    await queue.put(2)

async def stuck_on_an_event_of_its_own():
    await asyncio.Event().wait()

async def stuck_on_a_lock_that_it_has():
    lock = asyncio.Lock()
    await lock.acquire()
    await lock.acquire()

async def stuck_on_a_semaphore_of_its_own():
    async with asyncio.Semaphore(0):
        pass

async def stuck_on_a_condition_of_its_own():
    condition = asyncio.Condition()
    async with condition:
        await condition.wait()

async def stuck_gathering():
    await asyncio.gather(stuck_leg(), stuck_leg())

async def stuck_leg():
    await lost()

async def fine_gathering_with_one_that_sleeps():
    await asyncio.gather(stuck_other_leg(), fine_sleeping_leg())

async def stuck_other_leg():
    await lost()

async def fine_sleeping_leg():
    await asyncio.sleep(3600)

async def stuck_on_a_task_that_is():
    await start(stuck_child())

async def stuck_child():
    await lost()

async def stuck_in_asyncio_wait():
    await asyncio.wait([new_future()])

async def stuck_behind_a_shield():
    await asyncio.shield(start(stuck_shielded()))

async def stuck_shielded():
    await lost()

async def stuck_first_of_a_ring(others):
    await asyncio.sleep(0)
    other = others.pop()
    await other

async def stuck_second_of_a_ring(others):
    await asyncio.sleep(0)
    other = others.pop()
    await other

def start_ring():
    of_first, of_second = [], []
    first, second = start(stuck_first_of_a_ring(of_first)), start(stuck_second_of_a_ring(of_second))
    of_first.append(second)
    of_second.append(first)

async def stuck_in_an_async_generator():
    async def numbers():
        await lost()
        yield 1
    async for _ in numbers():
        pass

class Awaitable:
    def __await__(self):
        return (yield from lost().__await__())

async def stuck_in_an_awaitable():
    await Awaitable()

class Door:
    async def __aenter__(self):
        await lost()
    async def __aexit__(self, *error):
        pass

async def stuck_entering():
    async with Door():
        pass

async def stuck_and_its_coroutine_is_held():
    await lost()

async def stuck_and_an_inner_coroutine_is_held():
    CALLBACKS.append(lost())
    await CALLBACKS[-1]

async def stuck_and_in_a_global_set():
    HELD.add(asyncio.current_task())
    await new_future()

async def stuck_and_in_a_weak_set():
    await new_future()

WEAK_TASKS = weakref.WeakSet()

async def stuck_though_there_was_a_timer():
    future = new_future()
    asyncio.get_running_loop().call_later(3600, future.set_result, None).cancel()
    await future

async def stuck_on_what_its_own_context_has():
    VARIABLE.set(new_future())
    await VARIABLE.get()

async def stuck_on_what_its_own_exception_has():
    try:
        raise ValueError(new_future())
    except ValueError as error:
        await error.args[0]

async def stuck_on_a_stream_of_its_own():
    await asyncio.StreamReader().read()

class OwnFuture(asyncio.Future):
    pass

async def stuck_on_a_future_of_an_own_class():
    await OwnFuture()

class OwnTask(asyncio.Task):
    pass

async def stuck_in_a_task_of_an_own_class():
    await new_future()

class Beating:
    """Its timer holds the task, and means nothing by it."""
    def __init__(self):
        self.tasks = [start(stuck_in_an_object_whose_heart_beats())]
        self.beat()
    def beat(self):
        asyncio.get_running_loop().call_later(3600, self.beat)

async def stuck_in_an_object_whose_heart_beats():
    await new_future()

async def stuck_in_a_task_group():
    async with asyncio.TaskGroup() as group:
        group.create_task(stuck_grouped())

async def stuck_grouped():
    await lost()

async def stuck_eagerly():
    await new_future()

async def stuck_among_what_only_a_stuck_one_holds(queue):
    await queue.get()

async def stuck_that_holds_a_queue():
    queue = asyncio.Queue()
    start(stuck_among_what_only_a_stuck_one_holds(queue))
    await new_future()
    queue.put_nowait(1)


# ---- fine ------------------------------------------------------------------------------------------------------------

async def fine_on_a_future_in_a_global():
    FUTURES["here"] = new_future()
    await FUTURES["here"]

async def fine_asleep():
    await asyncio.sleep(3600)

async def fine_on_a_queue_in_a_global():
    global QUEUE
    QUEUE = asyncio.Queue()
    await QUEUE.get()

async def fine_on_a_socket():
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    CALLBACKS.append(theirs)
    await asyncio.get_running_loop().sock_recv(ours, 1)

async def fine_on_a_stream():
    ours, theirs = socket.socketpair()
    CALLBACKS.append(theirs)
    reader, writer = await asyncio.open_connection(sock=ours)
    await reader.read()

async def fine_with_a_reader_of_its_own():
    ours, theirs = socket.socketpair()
    CALLBACKS.append(theirs)
    future = new_future()
    asyncio.get_running_loop().add_reader(ours.detach(), future.set_result, None)
    await future

async def fine_serving():
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    async with server:
        await server.serve_forever()

async def fine_in_a_thread():
    await asyncio.get_running_loop().run_in_executor(None, wait_in_a_thread)

def wait_in_a_thread():
    READY.append(1)
    GO_ON.wait(3600)

async def fine_on_the_callback_of_a_thread():
    loop, future = asyncio.get_running_loop(), new_future()
    def later(loop, future):
        READY.append(1)
        GO_ON.wait(3600)
        loop.call_soon_threadsafe(future.set_result, None)
    threading.Thread(target=later, args=(loop, future), daemon=True).start()
    await future

async def fine_on_a_subprocess():
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=subprocess.PIPE)
    CHILDREN.append(child.pid)
    await child.wait()

CHILDREN = []

async def fine_waiting_for_not_too_long():
    await asyncio.wait_for(new_future(), 3600)

async def fine_waiting_for_a_task_not_too_long():
    await asyncio.wait_for(start(fine_awaited_not_too_long()), 3600)

async def fine_awaited_not_too_long():
    await lost()

async def fine_under_a_timeout():
    async with asyncio.timeout(3600):
        await lost()

async def fine_gathering_under_a_timeout():
    async with asyncio.timeout(3600):
        await asyncio.gather(fine_leg_under_a_timeout(), lost())

async def fine_leg_under_a_timeout():
    await lost()

async def fine_group_under_a_timeout():
    async with asyncio.timeout(3600):
        async with asyncio.TaskGroup() as group:
            group.create_task(fine_grouped_under_a_timeout())

async def fine_grouped_under_a_timeout():
    await lost()

async def fine_in_a_scope_of_anyio():
    with anyio.move_on_after(3600):
        await lost()

async def fine_group_in_a_scope_of_anyio():
    with anyio.move_on_after(3600):
        async with anyio.create_task_group() as group:
            group.start_soon(fine_grouped_in_a_scope_of_anyio)

async def fine_grouped_in_a_scope_of_anyio():
    await lost()

async def fine_in_a_weak_dict():
    future = new_future()
    WEAK["here"] = future
    await future

async def fine_on_what_the_context_of_another_has():
    future = new_future()
    async def other():
        VARIABLE.set(future)
        await asyncio.sleep(3600)
    other_task = start(other())
    del other
    await asyncio.sleep(0)
    del other_task
    await future

async def fine_on_what_an_exception_has():
    try:
        raise ValueError(new_future())
    except ValueError as error:
        ERRORS.append(error)
    await ERRORS[-1].args[0]

async def fine_on_what_a_closure_has():
    future = new_future()
    CALLBACKS.append(lambda: future.set_result(None))
    await future

async def fine_on_a_task_that_sleeps():
    await start(asyncio.sleep(3600))

async def fine_behind_a_shield_of_one_that_sleeps():
    await asyncio.shield(start(asyncio.sleep(3600)))

async def fine_in_a_group_with_one_that_sleeps():
    async with asyncio.TaskGroup() as group:
        group.create_task(asyncio.sleep(3600))

async def fine_with_its_cancel_scheduled():
    asyncio.get_running_loop().call_later(3600, asyncio.current_task().cancel)
    await new_future()

async def fine_with_its_cancel_in_a_closure():
    task = asyncio.current_task()
    asyncio.get_running_loop().call_later(3600, lambda: task.cancel())
    await new_future()

async def fine_as_argument_of_what_is_scheduled():
    asyncio.get_running_loop().call_later(3600, print, asyncio.current_task())
    await new_future()

class Expiring:
    """Its timer calls what cancels the task."""
    def __init__(self):
        self.tasks = {start(fine_in_an_object_that_expires())}
        asyncio.get_running_loop().call_later(3600, self.expire)
    def expire(self):
        self.close()
    def close(self):
        for task in self.tasks:
            task.cancel()

async def fine_in_an_object_that_expires():
    await new_future()

async def fine_on_a_timer_of_threading():
    future = new_future()
    timer = threading.Timer(3600, asyncio.get_running_loop().call_soon_threadsafe, (future.set_result, None))
    timer.daemon = True
    timer.start()
    await future

async def fine_until_a_signal():
    future = new_future()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, future.set_result, None)
    await future

async def fine_on_what_native_code_holds():
    future = new_future()
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(future))
    await future

async def fine_while_native_code_holds_the_task():
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(asyncio.current_task()))
    await new_future()

async def fine_until_the_exit():
    future = new_future()
    atexit.register(future.set_result, None)
    await future

async def fine_on_a_future_of_threads():
    future = concurrent.futures.Future()
    CALLBACKS.append(future)
    await asyncio.wrap_future(future)

async def fine_after_a_partial():
    future = new_future()
    asyncio.get_running_loop().call_later(3600, functools.partial(future.set_result, None))
    await future

async def fine_ready_again():
    await asyncio.sleep(0)
    await asyncio.sleep(0)

async def fine_told_and_not_yet_run():
    TOLD.append(new_future())
    await TOLD[-1]

TOLD = []

SPECIAL = {"stuck_leg", "stuck_other_leg", "fine_sleeping_leg", "stuck_child", "stuck_shielded", "stuck_grouped",
    "stuck_first_of_a_ring", "stuck_second_of_a_ring", "stuck_in_a_task_of_an_own_class", "stuck_eagerly",
    "stuck_in_an_object_whose_heart_beats", "stuck_among_what_only_a_stuck_one_holds", "fine_awaited_not_too_long",
    "fine_leg_under_a_timeout", "fine_grouped_under_a_timeout", "fine_grouped_in_a_scope_of_anyio",
    "fine_in_an_object_that_expires", "stuck_and_its_coroutine_is_held", "stuck_and_in_a_weak_set",
    "fine_in_a_scope_of_anyio", "fine_group_in_a_scope_of_anyio", "fine_ready_again"}
FROM_311 = {"stuck_in_a_task_group", "fine_under_a_timeout", "fine_gathering_under_a_timeout",
    "fine_group_under_a_timeout", "fine_in_a_group_with_one_that_sleeps"}


async def main():
    for name, function in sorted(globals().items()):
        if name.startswith(("stuck_", "fine_")) and name not in SPECIAL:
            if sys.version_info >= (3, 11) or name not in FROM_311:
                start(function())
    start_ring()
    Beating()
    Expiring()
    OwnTask(stuck_in_a_task_of_an_own_class())
    CALLBACKS.append(stuck_and_its_coroutine_is_held())
    start(CALLBACKS[-1])
    WEAK_TASKS.add(start(stuck_and_in_a_weak_set()))
    if sys.version_info >= (3, 12) and not PYTHON:
        asyncio.eager_task_factory(asyncio.get_running_loop(), stuck_eagerly())
    if not PYTHON:
        start(fine_in_a_scope_of_anyio())
        start(fine_group_in_a_scope_of_anyio())
    while len(READY) < 2 or not CHILDREN:
        await asyncio.sleep(0.001)
    for _ in range(20):
        await asyncio.sleep(0)
    TOLD[0].set_result(None)
    start(fine_ready_again())
    look()
    os.kill(CHILDREN[0], signal.SIGKILL)
    os._exit(0)

import anyio
asyncio.run(main())
'''

CLOSED = """
import asyncio, gc, os, threading

gc.disable()
KEPT = []
READY = threading.Semaphore(0)

async def stuck_on_a_closed_loop():
    KEPT.append(asyncio.get_running_loop().create_future())
    await KEPT[-1]

async def stuck_before_its_first_turn():
    pass

async def leave_some():
    loop = asyncio.get_running_loop()
    KEPT.append(loop.create_task(stuck_on_a_closed_loop()))
    for _ in range(3):
        await asyncio.sleep(0)

loop = asyncio.new_event_loop()
loop.run_until_complete(leave_some())
KEPT.append(loop.create_task(stuck_before_its_first_turn()))
loop.close()

async def fine_on_a_loop_that_stands_still():
    KEPT.append(asyncio.get_running_loop().create_future())
    await KEPT[-1]

async def stuck_on_a_loop_that_stands_still():
    await asyncio.get_running_loop().create_future()

async def leave_more():
    loop = asyncio.get_running_loop()
    KEPT.append(loop.create_task(fine_on_a_loop_that_stands_still()))
    KEPT.append(loop.create_task(stuck_on_a_loop_that_stands_still()))
    for _ in range(3):
        await asyncio.sleep(0)

still = asyncio.new_event_loop()
still.run_until_complete(leave_more())

async def stuck_as_the_main_task():
    asyncio.get_running_loop().call_soon(READY.release)
    await asyncio.get_running_loop().create_future()

async def fine_as_the_main_task_of_a_daemon():
    asyncio.get_running_loop().call_soon(READY.release)
    await asyncio.Event().wait()

async def fine_until_it_is_interrupted():
    asyncio.get_running_loop().call_soon(finish)
    await asyncio.Event().wait()

def finish():
    look()
    os._exit(0)

async def fine_whose_loop_was_interrupted():
    asyncio.get_running_loop().call_soon(interrupt)
    await asyncio.Event().wait()

async def stuck_beside_the_interrupted():
    await asyncio.Event().wait()

def interrupt():
    KEPT.append(interrupted.create_task(stuck_beside_the_interrupted()))
    interrupted.call_soon(lambda: (_ for _ in ()).throw(KeyboardInterrupt))

interrupted = asyncio.new_event_loop()
try:
    interrupted.run_until_complete(fine_whose_loop_was_interrupted())
except KeyboardInterrupt as error:
    sys.last_value = error

threading.Thread(target=lambda: asyncio.run(stuck_as_the_main_task())).start()
threading.Thread(target=lambda: asyncio.run(fine_as_the_main_task_of_a_daemon()), daemon=True).start()
READY.acquire(), READY.acquire()
asyncio.run(fine_until_it_is_interrupted())
"""

FORWARD = """
import asyncio, contextvars

class Result: pass
class Error(Exception): pass
class InContext: pass
class CallbackOfOne:
    def __call__(self, task): pass
class CallbackOfMany(CallbackOfOne): pass

VARIABLE = contextvars.ContextVar("VARIABLE")

async def returning():
    return Result()

async def raising():
    raise Error

async def waiting():
    VARIABLE.set(InContext())
    await asyncio.get_running_loop().create_future()

async def main():
    tasks = [asyncio.ensure_future(one()) for one in (returning, raising, waiting)]
    await asyncio.wait(tasks[:2])
    tasks[1].exception().__traceback__ = None
    tasks[2].add_done_callback(CallbackOfOne())
    other = asyncio.ensure_future(asyncio.sleep(3600))
    for callback in (print, print, CallbackOfMany()):
        other.add_done_callback(callback)
    look()

asyncio.run(main())
"""
