"""Processes that share work: spawned, one thread each, and gone when their parent is."""

import multiprocessing
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

Task = TypeVar("Task")
Answer = TypeVar("Answer")

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class WorkerError(RuntimeError):
    """A worker process ended without an answer."""


def share(
    answer: Callable[[Task], Answer], tasks: Iterable[Task], workers: int
) -> Iterator[Answer]:
    """`answer(task)` of each task, in the order of the tasks, by `workers` processes."""
    spawning = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=spawning, initializer=_end_quietly)
    try:
        with _one_thread(), _deaf():
            answers = deque(pool.submit(answer, task) for task in tasks)
        while answers:
            yield answers.popleft().result()
    except BrokenProcessPool as error:
        raise WorkerError(
            "a worker process was ended by the system, for want of memory perhaps; trials kept in "
            "the folder are not lost: run again with fewer workers. A script that asks for workers "
            "must do so under `if __name__ == '__main__':`"
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def check_sendable(models: Mapping[str, object]) -> None:
    """Refuse models that cannot be handed to another process."""
    for name, model in models.items():
        try:
            pickle.dumps(model)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise TypeError(
                f"the model {name!r} cannot be sent to a worker ({error}); define its class at "
                "the top of a module, or say workers=1"
            ) from error


def _end_quietly() -> None:
    """Let a worker end at Ctrl-C, and when its parent was killed and cannot tell it to."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a traceback of each would hide the parent's word
    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


@contextmanager
def _deaf() -> Iterator[None]:
    """Processes spawned meanwhile do not hear Ctrl-C, until they say so themselves."""
    if threading.current_thread() is not threading.main_thread():  # no other may say it
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Processes spawned meanwhile do their linear algebra on one thread."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
