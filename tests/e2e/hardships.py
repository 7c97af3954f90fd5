"""What is done to a running product: steady load, a process that is kept dead, a port that is taken."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time

from tests.e2e.whole_product import WholeProduct
from tests.ports import free_port


def bindable_port(offset: int) -> int:
    """A free port that a document's listener can name, which must be above the offset."""
    while (port := free_port()) <= offset:
        pass
    return port


class Load:
    """Chat completions one after the other, as long as the block lasts; what was not 200 is a failure."""

    def __init__(self, product: WholeProduct, model: str) -> None:
        self._product, self._model = product, model
        self._over = threading.Event()
        self._last = ""
        self._thread = threading.Thread(target=self._ask)
        self.failures: list[str] = []

    def __enter__(self) -> None:
        self._thread.start()
        self.wait_for("'beta'")

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def wait_for(self, words: str) -> None:
        """Until an answer held them."""
        self._product.wait_until(lambda: words in self._last, f"an answer holds {words}")

    def _ask(self) -> None:
        while not self._over.is_set():
            answer = self._product.chat(self._model)
            if answer.status == 200:
                self._last = answer.content
            else:
                self.failures.append(f"{answer.status} {answer.text}")


class KeptDead:
    """One of run's children, killed at once whenever it is started again, as long as the block lasts."""

    def __init__(self, product: WholeProduct, name: str) -> None:
        self._product, self._name = product, name
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._kill)

    def __enter__(self) -> None:
        self._kill_one(self._product.pid(self._name))
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _kill(self) -> None:
        killed = self._product.pid(self._name)
        while not self._over.is_set():
            pid = self._product.pid(self._name)
            if pid != killed:
                self._kill_one(pid)
                killed = pid
            time.sleep(0.02)

    @staticmethod
    def _kill_one(pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):  # it may have ended by itself
            os.kill(pid, signal.SIGKILL)
