// The chart of one run: panels, controls and when to draw.

import { Controls, rememberChoices, rememberedChoices } from "./controls.js"
import { element } from "./element.js"
import { Feed } from "./rows/feed.js"
import { Hover } from "./panel/hover.js"
import { Panel } from "./panel/panel.js"
import { ProgressView } from "./progress.js"
import { STYLE } from "./style.js"
import { XAxis } from "./panel/x_axis.js"

const DRAW_INTERVAL = 30 // ms between two draws, at least; the server decides how often rows come
const DRAW_SHARE = 4 // drawing takes at most one part in this many of the time
const DESCRIBE_AFTER = 1000 // ms
const SPEAK_INTERVAL = 30_000 // ms between two announcements to a screen reader
const NARROW = 700 // px: panels are stacked below this
const COLOURS = { loss: "#0072B2", accuracy: "#009E73", grad_norm: "#CC79A7", learning_rate: "#56B4E9" }
const SPARE = ["#009E73", "#E69F00", "#56B4E9", "#CC79A7"]
const EXTRAS = [["grad_norm", "Gradient norm"], ["learning_rate", "Learning rate"]]

export class Chart {
  // changed: called with the run's status when it differs from the page's.
  constructor(root, data, changed) {
    Object.assign(this, { root, data, changed, height: data.height, choices: rememberedChoices() })
    this.panels = []
    this.latencies = []
    this.range = null // of x, as last drawn
    this.nextDraw = 0
    this.spokenAt = 0
    this.x = new XAxis(this)
    this.hover = new Hover(this)
    this.grid = element("div", { class: "lc-panels" })
    this.controls = new Controls(this)
    this.spoken = element("div", { class: "lc-spoken", "aria-live": "polite" })
    if (data.progress) this.progress = new ProgressView(data.figures)
    root.replaceChildren(element("style", {}, STYLE), ...(this.progress ? [this.progress.node] : []), this.grid, this.controls.node, this.spoken)
    this.readTheme()
    this.onVisible = () => { if (document.hidden) this.wasHidden = true; else this.schedule() }
    document.addEventListener("visibilitychange", this.onVisible)
    this.observer = new ResizeObserver(() => this.measure())
    this.observer.observe(root)
    this.open()
    this.loadPlotly()
  }

  get isLive() { return this.status === "running" || this.status === "queued" }

  // Plotly's script sets window.Plotly, even if it is loaded as a module.
  async loadPlotly() {
    try {
      if (!window.Plotly?.react) await import(new URL(this.data.plotly, document.baseURI))
      if (this.isClosed) return
      this.Plotly = window.Plotly
      this.schedule()
    } catch {
      this.controls.note("The chart could not be loaded. Reload the page.")
    }
  }

  open() {
    this.feed?.close()
    this.status = this.data.status
    this.progress?.show(this.data.progress)
    this.x.reset()
    this.drawn = null
    this.latencies = []
    this.feed = new Feed(this.data, this.choices.smoothing, {
      rows: () => { this.publish(); this.schedule() },
      note: (text) => this.controls.note(text),
      status: (status) => this.updateStatus(status),
      progress: (message) => this.progress?.show(message),
    })
    this.controls.showZoomed(false)
    this.buildPanels()
    this.publish()
  }

  // Asks the page to run again, once per change, so that its badge and buttons follow.
  updateStatus(status) {
    if (status !== this.status) this.spokenAt = 0
    this.status = status
    this.x.kept = null
    this.schedule()
    if (status === this.data.status || status === this.told) return
    this.told = status
    this.changed(status)
  }

  update(data) {
    const before = this.data
    this.data = data
    this.told = null
    if (String(data.figures) !== String(before.figures)) this.progress?.setFigures(data.figures)
    if (data.run !== before.run) this.open()
    else {
      this.feed.setToken(data.token)
      if (data.status !== before.status) this.status = data.status
      this.progress?.show(data.progress)
      if (data.height !== before.height || String(data.panels) !== String(before.panels)) {
        this.height = data.height
        this.buildPanels()
      }
    }
    // The variables of a new theme are set one frame after this call.
    requestAnimationFrame(() => { this.readTheme(); this.schedule() })
  }

  publish() {
    window.traindeck = { run: this.data.run, lastStep: this.drawn ?? 0, points: this.feed.received, latencyMs: this.latencies }
  }

  // ---- choices and zoom

  choose(change) {
    Object.assign(this.choices, change)
    rememberChoices(this.choices)
    this.showChoices()
    this.schedule()
  }

  showChoices() {
    this.controls.show()
    this.root.classList.toggle("lc-pans", this.choices.drag === "pan")
  }

  toggleExtra(column) {
    const { extras } = this.choices
    this.choose({ extras: extras.includes(column) ? extras.filter((name) => name !== column) : [...extras, column] })
    this.buildPanels()
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

  // ---- panels

  buildPanels() {
    for (const panel of this.panels) panel.close()
    const [shown, more] = [this.data.panels.slice(0, 2), this.data.panels.slice(2)]
    const extras = [...more, ...EXTRAS.filter(([column]) => !this.data.panels.some(([name]) => name === column))]
    const open = extras.filter(([column]) => this.choices.extras.includes(column))
    this.panels = [...shown, ...open].map(([column, label, unit = "", unitHelp = ""], i) =>
      new Panel(this, column, label, COLOURS[column] ?? (column.endsWith("loss") ? COLOURS.loss : SPARE[i % SPARE.length]), unit, unitHelp))
    this.grid.replaceChildren(...this.panels.map((panel) => panel.node))
    this.controls.setExtras(extras)
    this.showChoices()
    this.measure()
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
    this.theme = { text, grid, font, key: text + paper + font }
  }

  // ---- drawing

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
    if (this.isClosed || !this.Plotly || !this.root.isConnected) return
    const started = performance.now()
    this.x.updateUnit()
    this.range = this.x.range()
    const hover = this.hover.show()
    for (const panel of this.panels) if (panel.width || panel.resize()) panel.draw(this.range, hover)
    this.recordLatencies()
    const cost = performance.now() - started
    // A drag is answered at once; otherwise training has priority.
    this.nextDraw = started + Math.max(DRAW_INTERVAL, (this.x.held ? 1 : DRAW_SHARE) * cost)
    this.describing ??= setTimeout(() => this.describe(), DESCRIBE_AFTER)
    this.publish()
  }

  // Records the age of up to ten of the batches just drawn, including the first and the last.
  recordLatencies() {
    const { feed } = this
    const { tail, total } = feed
    const from = Math.max(this.drawn ?? total, feed.liveFrom, tail.base)
    const wasHidden = this.wasHidden
    this.wasHidden = false
    if (total > from && !wasHidden) {
      const count = Math.min(10, total - from)
      const now = Date.now()
      for (let i = 0; i < count; i++) {
        const row = count === 1 ? total - 1 : Math.round(from + ((total - 1 - from) * i) / (count - 1))
        this.latencies.push(now - 1000 * (tail.time[row - tail.base] + feed.wallOffset))
      }
      if (this.latencies.length > 200) this.latencies = this.latencies.slice(-200)
    }
    this.drawn = total
  }

  // Describes the curves in words. Announces them rarely, and when the run has ended.
  describe() {
    this.describing = null
    if (this.isClosed) return
    const sentences = this.panels.map((panel) => panel.describe())
    const now = performance.now()
    if (!this.feed.total || (this.spokenAt && (!this.isLive || now - this.spokenAt < SPEAK_INTERVAL))) return
    this.spokenAt = now
    this.spoken.textContent = `${this.status}. ${sentences.join(". ")}.`
  }

  close() {
    this.isClosed = true
    clearTimeout(this.describing)
    this.feed.close()
    this.observer.disconnect()
    document.removeEventListener("visibilitychange", this.onVisible)
    for (const panel of this.panels) panel.close()
  }
}
