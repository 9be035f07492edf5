"""The socket: every row once, in order, whatever happens to the connection."""

import asyncio
import json
import random

import numpy as np
import pytest
from starlette.websockets import WebSocketDisconnect

from server import live
from server.frames import decode_frame
from server.live import FRAME_ROWS, Cursor
from server.progress import progress
from tests.server.fakes import make_rows, make_run


class Client:
    """Keeps what it is sent, the way the page does."""

    def __init__(self):
        self.loss = np.empty(0, np.float32)
        self.epochs = 0
        self.messages = []
        self.resets = 0
        self.token = None

    def take(self, socket, until):
        """Receives until there are `until` rows and a status has been said."""
        while True:
            message = socket.receive()
            if message["type"] == "websocket.close":
                return
            if message.get("text"):
                said = json.loads(message["text"])
                self.messages.append(said)
                if said["type"] == "status" and len(self.loss) >= until:
                    return
            else:
                header, columns = decode_frame(message["bytes"])
                if header["table"] == "epochs":
                    self.epochs = header["first"] + header["rows"]
                    continue
                assert header["first"] == len(self.loss), "rows are neither lost nor doubled"
                self.loss = np.append(self.loss, columns["loss"])
                if len(self.loss) >= until and any(m["type"] == "status" for m in self.messages):
                    return


def heard(socket):
    """Returns the next message that does not tell of progress."""
    while (said := socket.receive_json())["type"] == "progress":
        pass
    return said


def test_a_new_client_gets_everything_and_then_the_status(site):
    client = Client()
    with site.connect(site.path("live")) as socket:
        client.take(socket, 5000)
    np.testing.assert_array_equal(client.loss, site.store.get("run-1").history.rows(0, 5000)["loss"])
    assert client.messages[0] == {"type": "hello", "rows": 5000, "generation": 0}
    assert client.messages[-1] == {"type": "status", "status": "running", "reason": "", "step": 5000, "generation": 0}


def test_new_rows_are_pushed_as_they_are_appended(site):
    history = site.store.get("run-2").history
    client = Client()
    with site.connect(site.path("live", run="run-2", **{"from": 0})) as socket:
        client.take(socket, 10)
        for first in range(10, 60, 10):
            history.append(make_rows(first, 10))
            client.take(socket, first + 10)
    np.testing.assert_array_equal(client.loss, history.rows(0, 60)["loss"])


def test_a_client_that_is_cut_off_at_random_loses_nothing_and_doubles_nothing(make_site):
    chance = random.Random(3)
    run = make_run()
    site = make_site(run)
    client = Client()
    for _ in range(25):
        run.history.append(make_rows(len(run.history), chance.randint(1, 300)))
        with site.connect(site.path("live", **{"from": len(client.loss), "generation": 0})) as socket:
            client.messages.clear()
            client.take(socket, chance.choice([len(run.history), len(client.loss) + 1]))
            if chance.random() < 0.5:
                run.history.append(make_rows(len(run.history), chance.randint(1, 300)))
                client.take(socket, chance.choice([len(run.history), len(client.loss)]))
    with site.connect(site.path("live", **{"from": len(client.loss)})) as socket:
        client.messages.clear()
        client.take(socket, len(run.history))
    np.testing.assert_array_equal(client.loss, run.history.rows(0, len(run.history))["loss"])


@pytest.mark.parametrize("query", [{"generation": 3}, {"from": 5001}, {"epochs": 1}])
def test_a_client_of_other_rows_is_told_to_load_again(site, query):
    with site.connect(site.path("live", **query)) as socket:
        assert socket.receive_json()["type"] == "hello"
        assert socket.receive_json() == {"type": "reset", "generation": 0, "rows": 5000}
        with pytest.raises(WebSocketDisconnect):
            socket.receive_json()


def test_a_cut_while_watching_resets_the_client(site):
    client = Client()
    with site.connect(site.path("live", generation=0)) as socket:
        client.take(socket, 5000)
        site.store.get("run-1").history.cut(4000)
        assert heard(socket) == {"type": "reset", "generation": 1, "rows": 4000}


def test_a_status_change_is_pushed_without_rows(site):
    run = site.store.get("run-1")
    client = Client()
    with site.connect(site.path("live", **{"from": 5000})) as socket:
        client.take(socket, 0)
        run.status, run.reason = "failed", "The loss is not finite."
        run.history.tell()
        assert heard(socket) == {
            "type": "status", "status": "failed", "reason": "The loss is not finite.", "step": 5000, "generation": 0
        }  # fmt: skip


def test_epoch_rows_are_pushed(site):
    history = site.store.get("run-1").history
    history.epochs.extend({"epoch": np.array([1]), "step": np.array([45]), "val_loss": np.array([1.0])})
    client = Client()
    with site.connect(site.path("live")) as socket:
        client.take(socket, 5000)
    assert client.epochs == 1


@pytest.mark.parametrize("query", [{"from": -1}, {"from": "x"}, {"generation": "1.5"}, {"epochs": "9" * 30}])
def test_a_bad_number_closes_the_socket_with_a_sentence(site, query):
    with site.connect(site.path("live", **query)) as socket, pytest.raises(WebSocketDisconnect) as closed:
        socket.receive_json()
    assert closed.value.code == 4400
    assert "must be a whole number" in closed.value.reason


def test_a_frame_has_at_most_65536_rows():
    cursor = Cursor(make_run(rows=150_000))
    sizes = []
    while cursor.is_behind():
        sizes += [decode_frame(frame)[0]["rows"] for frame in cursor.news()[1]]
    assert sizes == [FRAME_ROWS, FRAME_ROWS, 150_000 - 2 * FRAME_ROWS]


def test_progress_is_told_twice_a_second_and_at_once_where_something_else_than_numbers_changed():
    now, run = [0.0], make_run(rows=45)
    cursor = Cursor(run, clock=lambda: now[0])

    def told():
        return [message for message in cursor.news()[0] if message["type"] == "progress"]

    [first] = told()
    assert (first["step"], first["total_steps"], first["epoch"], first["epochs"]) == (45, 450, 2, 10)
    run.step = 46
    now[0] += 0.4
    assert told() == []
    now[0] += 0.2
    assert [message["step"] for message in told()] == [46]
    for change in ({"phase": "Saving a checkpoint"}, {"pending": "pause"}, {"status": "paused"}):
        vars(run).update(change)
        [message] = told()
        assert change.items() <= message.items()
        assert told() == []


def test_values_are_the_last_epochs_or_means_over_the_newest_rows_and_never_nan():
    run = make_run(rows=200)
    run.history.parts["loss"][:150] = 99.0
    run.history.parts["loss"][150:200] = 2.0
    run.history.parts["grad_norm"][199] = np.nan
    values = progress(run)["values"]
    assert values["loss"] == 2.0
    assert values["grad_norm"] is None
    run.last_metrics = {"loss": 0.5, "val_loss": 0.75}
    assert progress(run)["values"] == {"loss": 0.5, "val_loss": 0.75}


def test_every_watcher_is_unsubscribed_in_the_end(site):
    history = site.store.get("run-1").history
    with site.connect(site.path("live")) as socket:
        Client().take(socket, 5000)
        assert len(history.callbacks) == 1
    assert history.callbacks == []


class Socket:
    """A WebSocket under the test's control: sending waits for `is_open`."""

    def __init__(self):
        self.sent = []
        self.is_open = asyncio.Event()
        self.is_open.set()
        self.events = asyncio.Queue()

    async def _send(self, message):
        await self.is_open.wait()
        self.sent.append(message)

    send_json = send_bytes = _send

    async def receive(self):
        return await self.events.get()


async def settle():
    for _ in range(20):
        await asyncio.sleep(0)


async def serve(socket, run, clock=lambda: 0.0):
    task = asyncio.create_task(live._serve(socket, Cursor(run), lambda: "new token", clock))
    await settle()
    return task


def test_a_server_going_down_is_not_held_up_by_an_idle_socket():
    async def scene():
        socket, run = Socket(), make_run(rows=5)
        task = await serve(socket, run)
        assert not task.done()
        socket.events.put_nowait({"type": "websocket.disconnect", "code": 1012})
        await asyncio.wait_for(task, 1)
        assert run.history.callbacks == []

    asyncio.run(scene())


def test_a_server_going_down_is_not_held_up_by_a_client_that_does_not_read():
    async def scene():
        socket, run = Socket(), make_run(rows=5)
        socket.is_open.clear()
        task = await serve(socket, run)
        socket.events.put_nowait({"type": "websocket.disconnect", "code": 1012})
        await asyncio.wait_for(task, 1)

    asyncio.run(scene())


def test_nothing_is_queued_for_a_client_that_does_not_read(monkeypatch):
    monkeypatch.setattr(live, "INTERVAL", 0.0)

    async def scene():
        socket, run = Socket(), make_run(rows=5)
        task = await serve(socket, run)
        socket.is_open.clear()
        before = len(socket.sent)
        for _ in range(200):
            run.history.append(make_rows(len(run.history), 10))
            await settle()
        assert len(socket.sent) == before
        socket.is_open.set()
        await settle()
        frames = [decode_frame(message)[0] for message in socket.sent[before:] if isinstance(message, bytes)]
        assert [frame["rows"] for frame in frames] == [10, 1990]  # one that waited, one with all the rest
        socket.events.put_nowait({"type": "websocket.disconnect"})
        await task

    asyncio.run(scene())


def test_an_idle_socket_does_nothing_until_it_is_woken(monkeypatch):
    monkeypatch.setattr(live, "INTERVAL", 0.0)

    async def scene():
        socket, run = Socket(), make_run(rows=5)
        task = await serve(socket, run)
        reads = []
        rows = run.history.rows
        run.history.rows = lambda *args: reads.append(args) or rows(*args)
        before = len(socket.sent)
        await settle()
        assert (reads, len(socket.sent)) == ([], before)
        socket.events.put_nowait({"type": "websocket.disconnect"})
        await task

    asyncio.run(scene())


def test_a_new_token_is_sent_before_the_old_one_ends(monkeypatch):
    monkeypatch.setattr(live, "INTERVAL", 0.0)

    async def scene():
        now = [0.0]
        socket, run = Socket(), make_run(rows=5)
        task = await serve(socket, run, lambda: now[0])
        now[0] = live.TOKEN_INTERVAL + 1.0
        run.history.tell()
        await settle()
        assert {"type": "token", "token": "new token"} in socket.sent
        socket.events.put_nowait({"type": "websocket.disconnect"})
        await task

    asyncio.run(scene())
