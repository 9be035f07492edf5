"""A client of the routes over fake runs; nothing here trains or opens a port."""

from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from server.guard import Guard
from server.routes import build_routes
from tests.server.fakes import FakeStore, make_run
from trainer.config.traits import ExportTraits
from trainer.errors import ExportError


class Site:
    """The routes, their guard, their runs and a client of them."""

    def __init__(self, *runs, datasets=None):
        self.datasets = datasets
        self.store = FakeStore(*runs)
        self.guard = Guard(lambda: ["traindeck.example.org"], secret="a secret for tests")
        self.exported, self.sources = [], []
        zipped = SimpleNamespace(traits=ExportTraits(media_type="application/zip"))
        kinds = dict.fromkeys(("model.keras", "history.csv"), zipped)
        routes = build_routes(lambda: self.store, self.guard, lambda: (kinds, self.export), lambda: self.datasets)
        self.client = TestClient(Starlette(routes=routes), base_url="http://localhost:8501")

    def export(self, run, kind, path, source=None, with_data=False):
        self.exported.append(path)
        self.sources.append(source)
        path.write_bytes(b"0123456789" * 100)
        if kind == "model.keras" and not len(run.history):
            raise ExportError("There is no checkpoint yet. Wait for the first one.")

    def connect(self, path, headers=None):
        return self.client.websocket_connect(f"ws://localhost:8501{path}", headers=headers or {})

    def path(self, what, run="run-1", token_of=None, **query):
        query["token"] = self.guard.token(token_of or run)
        return f"/api/runs/{run}/{what}?" + "&".join(f"{name}={value}" for name, value in query.items())


@pytest.fixture
def site():
    return Site(make_run(rows=5000), make_run("run-2", rows=10))


@pytest.fixture
def make_site():
    return Site
