"""The garbage collector runs rarely while a graph is made, and as before when that is over."""

import gc
from threading import Barrier, Thread

import numpy as np
import pytest

import mlgraph
from mlgraph.errors import MlgraphError
from mlgraph.graph.gc_pause import YOUNG_THRESHOLD, infrequent_gc

pytestmark = pytest.mark.quick

OWN = gc.get_threshold()


def test_it_runs_rarely_inside():
    seen = []

    def function(x):
        seen.append(gc.get_threshold()[0])
        return x + 1

    graph = mlgraph.compile(function, to="numpy", args=(np.ones(3),))
    assert seen == []
    graph(np.ones(3))
    assert seen == [YOUNG_THRESHOLD]
    assert gc.get_threshold() == OWN


def test_it_runs_as_before_after_a_failure():
    def function(x):
        raise RuntimeError("no")

    with pytest.raises(MlgraphError):
        mlgraph.compile(function, to="numpy", args=(np.ones(3),))
    assert gc.get_threshold() == OWN


def test_the_last_thread_that_leaves_restores_it():
    both_inside, first_left = Barrier(2), Barrier(2)
    between = []

    def first():
        with infrequent_gc():
            both_inside.wait()
        between.append(gc.get_threshold()[0])
        first_left.wait()

    def second():
        with infrequent_gc():
            both_inside.wait()
            first_left.wait()

    threads = [Thread(target=first), Thread(target=second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert between == [YOUNG_THRESHOLD]
    assert gc.get_threshold() == OWN


def test_a_collector_that_never_runs_does_not_begin_to():
    gc.set_threshold(0)
    try:
        with infrequent_gc():
            assert gc.get_threshold()[0] == 0
        assert gc.get_threshold()[0] == 0
    finally:
        gc.set_threshold(*OWN)
