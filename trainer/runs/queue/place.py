"""A run's place in the queue: it waits there until it is the first of its device and a slot is free."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import filelock

from trainer.errors import RunNotFound
from trainer.runs.queue.order import Entry, Order
from trainer.runs.queue.slots import Slot, Slots, count_local_slots
from trainer.runs.state import read_state_file
from trainer.training.sessions.commands import Commands, Interrupt, Pause, Setting, Stop

#: Seconds between two looks at the slots: of the run that is next, and of the others.
_NEXT, _OTHERS = 0.1, 0.3
#: The folders of the runs that wait in this process.
_waiting_here: set[Path] = set()


class Place:
    """The place of one run.

    Args:
        folder: of the run; the caller has locked it for this process.
        entry: the run, as it is or will be in the order.
        count_slots: returns how many slots each of the run's lanes has now; it does not block.
    """

    def __init__(self, folder: Path, entry: Entry, count_slots: Callable[[], int] = count_local_slots):
        self._folder, self._entry, self._count_slots = folder, entry, count_slots
        self._order = Order(folder.parent)
        self._slots = Slots(self._order.folder, entry.lanes)
        self._slot: Slot | None = None
        self._is_kept = False
        self._woken = threading.Event()

    @property
    def is_waiting(self) -> bool:
        """Whether the run has no slot yet."""
        return self._slot is None

    def enter(self) -> None:
        """Takes a slot, or a place in the order; a run that has a place keeps it.

        Raises:
            StorageError: the folder cannot be written.
        """
        _waiting_here.add(self._folder)
        try:
            self._advance(is_new=True)
        except BaseException:
            _waiting_here.discard(self._folder)
            raise

    def wait(self, commands: Commands, tell: Callable[[str], None]) -> str | None:
        """Waits for the run's turn.

        Args:
            commands: the run's; one that ends it ends the wait.
            tell: called with the reason, as a sentence, whenever it changes.

        Returns:
            None: the run has a slot; "pause", "stop" or "interrupt": it must end without training.

        Raises:
            StorageError: the folder cannot be written.
        """
        told = ""
        while self._slot is None:
            if commands.ending is not None:
                self._is_kept = isinstance(commands.ending, Interrupt)
                return commands.ending.event
            entry = self._order.find(self._entry.id)
            if entry is not None and entry.ending is not None:
                commands.give(Pause() if entry.ending == "pause" else Stop())
                continue
            is_next = entry is None or not blockers(self._order, entry)
            if is_next:
                self._advance()
            if self._slot is None:
                reason = explain_wait(self._order, self._entry)
                if reason != told:
                    tell(reason)
                    told = reason
                self._woken.wait(_NEXT if is_next else _OTHERS)
                self._woken.clear()
        return None

    def wake(self) -> None:
        """Ends a pause of `wait`, because there is a command."""
        self._woken.set()

    def add_setting(self, setting: Setting) -> None:
        """Stores a setting with the waiting run, so that it survives a restart."""
        entry = self._order.find(self._entry.id)
        if entry is not None:
            self._order.update(entry.id, settings=(*entry.settings, setting))

    def leave(self) -> None:
        """Frees the slot, or the place in the order unless the run was interrupted while it waited."""
        _waiting_here.discard(self._folder)
        try:
            if not self._is_kept:
                self._order.remove(self._entry.id)
        finally:
            if self._slot is not None:
                self._slot.release()

    def _advance(self, is_new: bool = False) -> None:
        """Takes a slot if it is the run's turn; else sees that the run has its place.

        Args:
            is_new: whether what is stored from an earlier process is replaced.
        """
        with self._order.changing() as entries:
            mine = next((entry for entry in entries if entry.id == self._entry.id), None)
            if mine is None:
                entries.append(self._entry)
                mine = self._entry
            elif is_new:
                entries[entries.index(mine)] = mine = self._entry
            if mine.ending is None and not blockers(self._order, mine, entries):
                self._slot = self._slots.take(mine.id, self._count_slots())
                if self._slot is not None:
                    entries.remove(mine)


def blockers(order: Order, entry: Entry, entries: Sequence[Entry] | None = None) -> list[Entry]:
    """Returns the runs before one that share a lane with it, and that a live process holds.

    Args:
        order: of the waiting runs.
        entry: the run.
        entries: all, as they are now; None: they are read.
    """
    before, lanes = [], set(entry.lanes)
    for other in order.read() if entries is None else entries:
        if other.id == entry.id:
            return before
        if lanes.intersection(other.lanes) and is_held(order.folder.parent / other.id):
            before.append(other)
    return before


def is_held(folder: Path) -> bool:
    """Returns whether a live process holds a run."""
    if folder in _waiting_here:
        return True
    if not (folder / "run.json").exists():
        return False
    try:
        with filelock.FileLock(folder / "lock", timeout=0):
            return False
    except filelock.Timeout:
        return True
    except OSError:
        return False


def explain_wait(order: Order, entry: Entry) -> str:
    """Returns why a run waits, as a sentence."""
    if not is_held(order.folder.parent / entry.id):
        return "Waiting: the process that held it has ended"
    before, training = blockers(order, entry), Slots(order.folder, entry.lanes).holders()
    if before:
        count = len(before) + len(training)
        return f"Waiting: {count} run{'s are' if count > 1 else ' is'} before it"
    names = [name for name in (name_of(order.folder.parent / run_id) for run_id in training) if name]
    if not names:
        return f"Waiting for {' and '.join(entry.lanes)}"
    return (
        f"Waiting: {' and '.join(names)} {'is' if len(names) == 1 else 'are'} training on {' and '.join(entry.lanes)}"
    )


def name_of(folder: Path) -> str | None:
    """Returns a run's name, or None if the run is gone."""
    try:
        return read_state_file(folder).name
    except RunNotFound:
        return None
