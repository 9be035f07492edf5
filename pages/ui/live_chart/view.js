// What the chart of one run and the chart of several have in common: the theme, the ranges and when to draw.
//
// A subclass sets `x` and `controls`, fills `panels`, and has paint(), describe() and publish().

import { element } from "./element.js"
import { STYLE } from "./style.js"

const DRAW_INTERVAL = 30 // ms between two draws, at least; the server decides how often rows come
const DRAW_SHARE = 4 // drawing takes at most one part in this many of the time
const DESCRIBE_AFTER = 1000 // ms
const NARROW = 700 // px: panels are stacked below this

export class View {
  constructor(root, data, choices) {
    Object.assign(this, { root, data, choices, height: data.height })
    this.panels = []
    this.range = null // of x, as last drawn
    this.nextDraw = 0
    this.grid = element("div", { class: "lc-panels" })
    this.spoken = element("div", { class: "lc-spoken", "aria-live": "polite" })
  }

  // Puts the nodes into the page and follows its size, its theme and whether it is seen.
  show(...nodes) {
    this.root.replaceChildren(element("style", {}, STYLE), ...nodes, this.spoken)
    this.readTheme()
    this.onVisible = () => { if (document.hidden) this.wasHidden = true; else this.schedule() }
    document.addEventListener("visibilitychange", this.onVisible)
    this.observer = new ResizeObserver(() => this.measure())
    this.observer.observe(this.root)
  }

  // range: of x; null if only y was chosen.
  zoom(range) {
    if (range) this.x.zoom(range)
    this.controls.showZoomed(true)
    this.schedule()
  }

  resetZoom(draws = true) {
    this.x.reset()
    for (const panel of this.panels) panel.yRange.reset()
    this.controls.showZoomed(false)
    if (draws) this.schedule()
  }

  // Keeps the ranges on screen during a drag.
  hold() { this.x.held = this.range }

  release() {
    this.x.held = null
    this.schedule()
  }

  showPanels(panels) {
    this.panels = panels
    this.grid.replaceChildren(...panels.map((panel) => panel.node))
    this.showChoices()
    this.measure()
  }

  showChoices() {
    this.controls.show()
    this.root.classList.toggle("lc-pans", this.choices.drag === "pan")
  }

  measure() {
    this.root.classList.toggle("lc-narrow", this.root.clientWidth < NARROW)
    // Drawing may change the height of the page, which needs no other draw.
    if (this.panels.filter((panel) => panel.resize()).length) this.schedule()
  }

  readTheme() {
    const style = getComputedStyle(this.root)
    const read = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise
    const text = read("--st-text-color", "#1B1F23")
    const paper = read("--st-background-color", "#FBFBF9")
    const probe = document.createElement("canvas").getContext("2d")
    probe.fillStyle = paper
    const isDark = parseInt(probe.fillStyle.slice(1, 3), 16) < 128
    const grid = isDark ? "rgba(255,255,255,0.10)" : "rgba(0,0,0,0.09)"
    const font = read("--st-font", "sans-serif")
    this.theme = { text, paper, grid, font, key: text + paper + font }
  }

  schedule() {
    if (this.isScheduled || this.isClosed || document.hidden) return
    this.isScheduled = true
    const wait = this.nextDraw - performance.now()
    const frame = () => requestAnimationFrame(() => this.draw())
    if (wait > 4) setTimeout(frame, wait)
    else frame()
  }

  draw() {
    this.isScheduled = false
    if (this.isClosed || !this.root.isConnected) return
    const started = performance.now()
    this.paint()
    const cost = performance.now() - started
    // A drag is answered at once; otherwise training has priority.
    this.nextDraw = started + Math.max(DRAW_INTERVAL, (this.x.held ? 1 : DRAW_SHARE) * cost)
    this.describing ??= setTimeout(() => {
      this.describing = null
      if (!this.isClosed) this.describe()
    }, DESCRIBE_AFTER)
    this.publish()
  }

  close() {
    this.isClosed = true
    clearTimeout(this.describing)
    this.observer.disconnect()
    document.removeEventListener("visibilitychange", this.onVisible)
  }
}
