// The progress of the run above its curves: a bar, a sentence and figures.
//
// They come over the socket twice a second. If Streamlit drew them, each change would run a script and compare
// the whole page for every open tab, which costs more than the curves.

import { element, setText } from "./element.js"
import { number, whole } from "./numbers.js"

const STYLE = `
.live-chart .lp-bar { height: 0.5rem; border-radius: 0.25rem; overflow: hidden; background: var(--st-secondary-background-color); border: 1px solid var(--st-border-color); }
.live-chart .lp-done { height: 100%; background: var(--st-primary-color); transform-origin: left; transform: scaleX(0); }
.live-chart .lp-words { min-height: 1.5em; margin: 0.35rem 0 0.6rem; font-size: 1rem; contain: content; }
.live-chart .lp-figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(110px, 1fr)); gap: 0.4rem 1rem; margin-bottom: 0.9rem; }
.live-chart .lp-figure { contain: content; }
.live-chart .lp-name { overflow-wrap: anywhere; cursor: help; }
.live-chart .lp-value { font-size: 1.5rem; font-weight: 500; line-height: 1.3; }
`

const UNKNOWN = "–"
const DOING = { pause: "Pausing", stop: "Stopping", interrupt: "Saving" }

function duration(seconds) {
  if (seconds === null) return UNKNOWN
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  seconds = Math.round(seconds)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}

function speed(perSecond) {
  if (perSecond === null) return `${UNKNOWN} steps/s`
  return `${perSecond >= 10 ? whole(Math.round(perSecond)) : perSecond.toFixed(1)} steps/s`
}

function sentence({ phase, pending, step, total_steps: total, epoch, epochs, status, ...run }) {
  if (phase || pending) return `${DOING[pending] ?? phase} …`
  const parts = [
    `${Math.floor((100 * step) / (total || 1))} %`,
    `epoch ${whole(epoch)} of ${whole(epochs)}`,
    total ? `step ${whole(step)} of ${whole(total)}` : `step ${whole(step)}`,
    speed(run.steps_per_second),
    `${duration(run.seconds)} trained`,
  ]
  if (status === "running") parts.push(`${duration(run.seconds_left)} left`)
  return parts.join(" · ")
}

export class ProgressView {
  // figures: [name, help] of the measured values, in order.
  constructor(figures) {
    this.done = element("div", { class: "lp-done" })
    this.bar = element("div", { class: "lp-bar", role: "progressbar", "aria-label": "Progress", "aria-valuemin": "0", "aria-valuemax": "100" }, this.done)
    this.words = element("div", { class: "lp-words" })
    this.figures = element("div", { class: "lp-figures" })
    this.node = element("div", { class: "lp" }, element("style", {}, STYLE), this.bar, this.words, this.figures)
    this.setFigures(figures)
  }

  setFigures(figures) {
    this.values = new Map()
    this.figures.replaceChildren(...figures.map(([name, help]) => {
      const value = element("div", { class: "lp-value" }, UNKNOWN)
      this.values.set(name, value)
      return element("div", { class: "lp-figure" }, element("div", { class: "lp-name", title: help }, name), value)
    }))
  }

  show(message) {
    const share = Math.min(message.step / (message.total_steps || 1), 1)
    const transform = `scaleX(${share.toFixed(3)})`
    if (this.done.style.transform !== transform) this.done.style.transform = transform
    this.bar.setAttribute("aria-valuenow", Math.floor(100 * share))
    setText(this.words, sentence(message))
    for (const [name, node] of this.values) setText(node, number(message.values[name]))
  }
}
