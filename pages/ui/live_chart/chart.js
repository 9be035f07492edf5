// The chart of one run: its panels, and how old the batches are when they are drawn.

import { Controls, rememberChoices, rememberedChoices } from "./controls.js"
import { Feed } from "./rows/feed.js"
import { Hover } from "./panel/hover.js"
import { Panel } from "./panel/panel.js"
import { ProgressView } from "./progress.js"
import { View } from "./view.js"
import { XAxis } from "./panel/x_axis.js"

const SPEAK_INTERVAL = 30_000 // ms between two announcements to a screen reader
const COLOURS = { loss: "#0072B2", accuracy: "#009E73", grad_norm: "#CC79A7", learning_rate: "#56B4E9" }
const SPARE = ["#009E73", "#E69F00", "#56B4E9", "#CC79A7"]
const EXTRAS = [["grad_norm", "Gradient norm"], ["learning_rate", "Learning rate"]]

export class Chart extends View {
  // changed: called with the run's status when it differs from the page's.
  constructor(root, data, changed) {
    super(root, data, rememberedChoices())
    this.changed = changed
    this.latencies = []
    this.spokenAt = 0
    this.x = new XAxis(this)
    this.hover = new Hover(this)
    this.controls = new Controls(this)
    if (data.progress) this.progress = new ProgressView(data.figures)
    this.show(...(this.progress ? [this.progress.node] : []), this.grid, this.controls.node)
    this.open()
    this.schedule()
  }

  get isLive() { return this.status === "running" || this.status === "queued" }

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
      deleted: () => this.controls.note("This run was deleted."),
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

  choose(change) {
    Object.assign(this.choices, change)
    rememberChoices(this.choices)
    if ("smoothing" in change) this.feed.setSmoothing(change.smoothing)
    this.showChoices()
    this.schedule()
  }

  toggleExtra(column) {
    const { extras } = this.choices
    this.choose({ extras: extras.includes(column) ? extras.filter((name) => name !== column) : [...extras, column] })
    this.buildPanels()
  }

  buildPanels() {
    const [shown, more] = [this.data.panels.slice(0, 2), this.data.panels.slice(2)]
    const extras = [...more, ...EXTRAS.filter(([column]) => !this.data.panels.some(([name]) => name === column))]
    const open = extras.filter(([column]) => this.choices.extras.includes(column))
    this.controls.setExtras(extras)
    this.showPanels([...shown, ...open].map(([column, label, unit = "", unitHelp = ""], i) =>
      new Panel(this, column, label, COLOURS[column] ?? (column.endsWith("loss") ? COLOURS.loss : SPARE[i % SPARE.length]), unit, unitHelp)))
  }

  paint() {
    this.x.updateUnit()
    this.range = this.x.range()
    const hover = this.hover.show()
    for (const panel of this.panels) if (panel.width || panel.resize()) panel.draw(this.range, hover)
    this.recordLatencies()
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
    const sentences = this.panels.map((panel) => panel.describe())
    const now = performance.now()
    if (!this.feed.total || (this.spokenAt && (!this.isLive || now - this.spokenAt < SPEAK_INTERVAL))) return
    this.spokenAt = now
    this.spoken.textContent = `${this.status}. ${sentences.join(". ")}.`
  }

  close() {
    this.feed.close()
    super.close()
  }
}
