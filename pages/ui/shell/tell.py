"""Tells about runs outside the page: progress in the tab's title, and a notification when a run ends.

The browser asks for permission only when the bell is clicked.
"""

from __future__ import annotations

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.numbers import format_number
from trainer import RunStore
from trainer.runs.state import RunState

_SECONDS = 3.0
_WATCHED = widget_key("runs", "watched", page="page")  # ids of the runs whose end this tab tells
_MOST_WATCHED = 20

_SCRIPT = """
const NAME = "Traindeck"
const CHOICE = "traindeck-notify"
const LIVE = ["queued", "running"]
let title = NAME, before = new Map(), observer = null

function showTitle() {
  if (document.title !== title) document.title = title
}

function isOn() {
  return "Notification" in window && Notification.permission === "granted" && localStorage.getItem(CHOICE) === "on"
}

function drawBell(bell) {
  const isBlocked = !("Notification" in window) || Notification.permission === "denied"
  const text = isBlocked
    ? "This browser blocks notifications of this page. Allow them in its settings, then click here again."
    : isOn() ? "You are told when a run ends. Click to switch this off." : "Tell me when a run ends"
  bell.title = text
  bell.setAttribute("aria-label", text)
  bell.setAttribute("aria-pressed", String(isOn()))
  bell.firstElementChild.textContent = isOn() ? "notifications_active" : "notifications"
}

async function toggle(bell) {
  if (isOn()) localStorage.setItem(CHOICE, "off")
  else if ("Notification" in window) {
    const permission = await Notification.requestPermission()
    localStorage.setItem(CHOICE, permission === "granted" ? "on" : "off")
  }
  drawBell(bell)
}

function tellEnds(runs) {
  for (const { id, name, status, text } of runs) {
    if (LIVE.includes(before.get(id)) && !LIVE.includes(status) && isOn())
      new Notification(`${name}: ${status}`, { body: text, tag: id })
    before.set(id, status)
  }
}

export default function ({ data, parentElement }) {
  const bell = parentElement.querySelector("button")
  bell.onclick = () => toggle(bell)
  drawBell(bell)
  tellEnds(data.runs)
  title = data.title ? `${data.title} · ${NAME}` : NAME
  showTitle()
  // Streamlit sets its own title at each run of the page.
  observer ??= new MutationObserver(showTitle)
  observer.observe(document.head, { childList: true, subtree: true, characterData: true })
}
"""

_BELL = '<button type="button" aria-label="Tell me when a run ends"><span>notifications</span></button>'

_STYLE = """
button { all: unset; cursor: pointer; display: grid; place-items: center; width: 1.9rem; height: 1.9rem;
  border-radius: var(--st-button-radius); color: var(--st-text-color); }
button:hover { background: var(--st-secondary-background-color); }
button:focus-visible { outline: 2px solid var(--st-link-color); }
button[aria-pressed="true"] { color: var(--st-link-color); }
span { font-family: "Material Symbols Rounded"; font-size: 1.25rem; line-height: 1; font-feature-settings: "liga"; }
"""

_component = st.components.v2.component("traindeck_tell", html=_BELL, css=_STYLE, js=_SCRIPT)


def tell(store: RunStore) -> None:
    """Draws the bell and keeps the tab's title up to date while a run is live.

    Args:
        store: of the runs.
    """
    live = [state.id for state in store.states() if state.is_live and not state.is_damaged]
    # Those that were live before stay: their end has not been told where it came between two drawings.
    watched = list(dict.fromkeys([*live, *st.session_state.get(_WATCHED, ())]))[:_MOST_WATCHED]
    st.session_state[_WATCHED] = watched
    st.fragment(_tell, run_every=_SECONDS if live else None)(store, watched)


def _tell(store: RunStore, watched: list[str]) -> None:
    states = {state.id: state for state in store.states()}
    runs = [states[id] for id in watched if id in states]
    with st.container(key=widget_key("bell", "show", page="page"), width="content"):
        _component(
            key=widget_key("runs", "tell", page="page"),
            data={
                "title": _title(runs),
                "runs": [{"id": run.id, "name": run.name, "status": run.status, "text": _text(run)} for run in runs],
            },
        )


def _title(runs: list[RunState]) -> str:
    """Returns "43 % · brisk-otter" for the run in the address, else for one that trains; "" if none does."""
    running = [run for run in runs if run.status == "running"]
    shown = st.query_params.get("run")
    run = next((run for run in running if run.id == shown), running[0] if running else None)
    if run is None:
        return ""
    return f"{_percent(run)} % · {run.name}"


def _percent(state: RunState) -> int:
    """Returns how much of a run is done, from 0 to 100."""
    return 100 * state.step // state.total_steps if state.total_steps else 0


def _text(run: RunState) -> str:
    """Returns what came out, in a sentence, once a run has ended."""
    if run.is_live:
        return ""
    if run.reason:
        return run.reason
    best = (run.metrics or {}).get("best") or {}
    name = next((name for name in ("val_accuracy", "val_loss", "accuracy", "loss") if name in best), None)
    return f"{run.step:,} steps" + (f", best {name} {format_number(best[name])}" if name else "")
