"""Arrays are read by several threads at once."""

import ast
import threading

import numpy as np

from trainer.data.npz import read_npz
from trainer.data.uploads.arrays.file import read_header


def test_headers_are_parsed_by_one_thread_at_a_time(tmp_path, monkeypatch):
    path = tmp_path / "a.npz"
    np.savez(path, **{f"a{index}": np.arange(index) for index in range(20)})
    np.save(tmp_path / "b.npy", np.arange(3))
    inside, most = [], []

    def parse(*arguments, real=ast.literal_eval):
        inside.append(1)
        most.append(len(inside))
        threading.Event().wait(0.0005)
        inside.pop()
        return real(*arguments)

    monkeypatch.setattr(ast, "literal_eval", parse)
    found = []

    def read():
        with open(tmp_path / "b.npy", "rb") as file:
            header = read_header(file, "b", (tmp_path / "b.npy").stat().st_size)
        found.append((header.shape, [len(array) for array in read_npz(path).values()]))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == [((3,), list(range(20)))] * 8
    assert max(most) == 1
