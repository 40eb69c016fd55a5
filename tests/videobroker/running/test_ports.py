"""Ports are looked at before anything starts."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from videobroker.running.ports import LOOPBACK, PortTakenError, free_port, holder_of, require_free


@pytest.fixture(params=[LOOPBACK, "0.0.0.0"])
def taken_port(request: pytest.FixtureRequest) -> Iterator[int]:
    with socket.create_server((request.param, 0)) as server:
        yield server.getsockname()[1]


def test_a_free_port_can_be_listened_at() -> None:
    port = free_port()
    require_free(port, "PORT")
    socket.create_server((LOOPBACK, port)).close()


def test_a_taken_port_is_refused_with_the_setting_to_change(taken_port: int) -> None:
    with pytest.raises(
        PortTakenError, match=rf"port {taken_port} is taken by .*set SIMULATOR_PORT to a free"
    ):
        require_free(taken_port, "SIMULATOR_PORT")


def test_a_port_that_is_bound_but_does_not_listen_is_refused() -> None:
    with socket.socket() as bound:
        bound.bind((LOOPBACK, 0))
        with pytest.raises(PortTakenError, match="set PORT"):
            require_free(bound.getsockname()[1], "PORT")


def test_a_port_whose_connections_linger_is_free() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection((LOOPBACK, port)):
            server.accept()[0].close()  # closed here first, so that this side lingers
    require_free(port, "PORT")


def test_who_listens_is_told_by_name_and_pid(taken_port: int) -> None:
    holder = holder_of(taken_port)
    assert holder is not None
    assert holder.endswith(f"(pid {os.getpid()})")


def test_nobody_is_named_where_nobody_listens() -> None:
    assert holder_of(free_port()) is None
