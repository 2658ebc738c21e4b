"""A task on its way to where the data is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from feerules.spark.workers import Task

__all__ = ["shipped"]


def shipped(task: Task) -> Callable[[Any], Any]:
    """A function for `mapInArrow` that does a task. It travels by value, so that it can say what is missing there."""
    from pyspark import cloudpickle

    # What the user's own script defines, such as a calendar, goes by value too.
    pickled = bytes(cloudpickle.dumps(task))  # type: ignore[no-untyped-call]

    def answer(batches: Any) -> Any:
        try:
            from feerules.spark import workers
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                f"{str(error.name).partition('.')[0]} is not installed where Spark runs Python; every worker needs the feerules of the driver: "
                'pip install "feerules[spark]" there, or ship an environment with spark.archives'
            ) from None
        yield from workers.answered(pickled, batches)

    return answer
