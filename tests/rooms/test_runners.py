"""The house of the runners: who gets the next place, and for how long."""

import threading
from collections.abc import Mapping

from django.db import DatabaseError

from rooms.runners import FAILURES_IN_A_ROW, Runners
from tests.simulated import wait_until


class Chores(Runners[str]):
    """Work by name of who waits for it, of which each piece takes until it is `done`."""

    thread_name = "chore"

    def __init__(
        self, waiting: dict[str, int], at_once: int, at_once_for_each: int, turn_secs: float = 60.0
    ) -> None:
        super().__init__(at_once, at_once_for_each, turn_secs)
        self.waiting = waiting
        self.begun: list[str] = []
        self.done = threading.Semaphore(0)

    def due(self) -> Mapping[str, int]:
        return {name: count for name, count in self.waiting.items() if count}

    def work(self, name: str) -> bool:
        if not self.waiting[name]:
            return False
        self.waiting[name] -= 1
        self.begun.append(name)
        return self.done.acquire(timeout=20)

    def interrupted(self, name: str, error: DatabaseError) -> None:
        raise error

    def await_begun(self, count: int) -> list[str]:
        wait_until(lambda: len(self.begun) >= count)
        return sorted(self.begun)

    def end(self) -> None:
        self.stop()
        self.done.release(1000)
        wait_until(lambda: not self.running())


def test_places_go_to_whoever_has_fewest() -> None:
    chores = Chores({"a": 100, "b": 100, "c": 1}, at_once=5, at_once_for_each=4)
    assert chores.dispatch() == 5
    assert chores.await_begun(5) == ["a", "a", "b", "b", "c"]
    assert chores.dispatch() == 0
    chores.end()


def test_nobody_has_more_than_their_own_places_while_others_are_free() -> None:
    chores = Chores({"a": 100, "b": 0}, at_once=5, at_once_for_each=2)
    assert chores.dispatch() == 2
    assert not chores.start_for("a")
    assert chores.start_for("b")
    chores.end()


def test_who_comes_later_gets_the_place_of_who_has_had_a_whole_turn() -> None:
    chores = Chores({"a": 100}, at_once=2, at_once_for_each=2, turn_secs=0.01)
    chores.dispatch()
    chores.await_begun(2)
    chores.waiting["b"] = 1
    threading.Event().wait(0.02)  # a whole turn
    chores.done.release()
    wait_until(lambda: "b" in chores.begun)
    chores.end()


def test_who_fails_again_and_again_has_one_place_until_something_goes_well() -> None:
    chores = Chores({"a": 100}, at_once=5, at_once_for_each=4)
    assert [chores.note("a", well=False) for _ in range(FAILURES_IN_A_ROW)] == [1, 2, 3]
    assert (chores.places("a"), chores.places("b")) == (1, 4)
    assert chores.dispatch() == 1
    chores.note("a", well=True)
    assert chores.dispatch() == 3
    chores.end()


def test_who_rests_is_given_no_place_till_then() -> None:
    chores = Chores({"a": 1, "b": 1}, at_once=5, at_once_for_each=4)
    chores.rest("a", 0.3)
    assert chores.dispatch() == 1
    assert chores.await_begun(1) == ["b"]
    wait_until(chores.dispatch)
    assert chores.await_begun(2) == ["a", "b"]
    chores.end()


def test_after_it_was_stopped_only_what_was_begun_comes_to_its_end() -> None:
    chores = Chores({"a": 100}, at_once=2, at_once_for_each=2)
    chores.dispatch()
    chores.await_begun(2)
    chores.stop()
    assert chores.running() == 2
    assert chores.dispatch() == 0
    assert not chores.start_for("b")
    chores.done.release(100)
    wait_until(lambda: not chores.running())
    assert len(chores.begun) == 2
