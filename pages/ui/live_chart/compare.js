// The chart of several runs: one panel per metric, one curve per run.
//
//   overlay/  one run's rows (run_line.js), the shared axis, the panels, labels, legend and tooltip
//
// The rest is the chart of one run: rows/, panel/, controls.js and view.js.

import { Controls, rememberChoices, rememberedChoices } from "./controls.js"
import { Legend } from "./overlay/legend.js"
import { OverlayHover } from "./overlay/overlay_hover.js"
import { OverlayPanel } from "./overlay/overlay_panel.js"
import { RunLine } from "./overlay/run_line.js"
import { SharedAxis } from "./overlay/shared_axis.js"
import { View } from "./view.js"

const REMEMBERED = "traindeck.compare_chart"
const LABELLED = 8 // more runs than this have a legend instead of labels at their curves

export function mount(root, data, changed = () => {}) {
  return new Comparison(root, data, changed)
}

export class Comparison extends View {
  // changed: called with a run's status when it differs from the page's.
  constructor(root, data, changed) {
    super(root, data, { ...rememberedChoices(REMEMBERED), follow: false })
    Object.assign(this, { tellPage: changed, lines: [], told: new Map(), notes: new Map() })
    this.x = new SharedAxis(this)
    this.hover = new OverlayHover(this)
    this.controls = new Controls(this, { follows: false })
    this.legend = new Legend(this)
    this.show(this.legend.node, this.grid, this.controls.node)
    this.setRuns(data.runs)
    this.buildPanels()
    this.schedule()
  }

  get isLive() { return this.lines.some((line) => line.isLive && line.isShown) }
  get hasLegend() { return this.lines.length > LABELLED }

  // Keeps the runs that stay, with their rows.
  setRuns(runs) {
    const before = new Map(this.lines.map((line) => [line.data.run, line]))
    this.lines = runs.map((run) => {
      const line = before.get(run.run)
      before.delete(run.run)
      if (!line) return new RunLine(this, run)
      line.update(run)
      return line
    })
    for (const line of before.values()) {
      line.close()
      this.notes.delete(line)
      for (const panel of this.panels) panel.forget(line)
    }
    this.writeNote()
    this.rowsChanged()
  }

  update(data) {
    const before = this.data
    this.data = data
    this.told.clear()
    this.setRuns(data.runs)
    if (data.height !== before.height || String(data.panels) !== String(before.panels)) {
      this.height = data.height
      this.buildPanels()
    }
    // The variables of a new theme are set one frame after this call.
    requestAnimationFrame(() => { this.readTheme(); this.schedule() })
  }

  // Asks the page to run again, once per change, so that its tables follow.
  statusChanged(line) {
    const { run, status } = line.data
    this.schedule()
    if (line.status === status || line.status === this.told.get(run)) return
    this.told.set(run, line.status)
    this.tellPage(line.status)
  }

  rowsChanged() {
    this.publish()
    this.schedule()
  }

  // text: what hinders a run, or "".
  note(line, text) {
    this.notes.set(line, text)
    this.writeNote()
  }

  writeNote() {
    const gone = this.lines.filter((line) => line.isDeleted).map((line) => line.data.name)
    const texts = new Set(this.notes.values())
    if (gone.length) texts.add(`Deleted: ${gone.slice(0, 3).join(", ")}${gone.length > 3 ? ` and ${gone.length - 3} more` : ""}.`)
    this.controls.note([...texts].filter(Boolean).join(" "))
  }

  publish() {
    window.traindeckCompare = {
      runs: this.lines.length,
      points: Object.fromEntries(this.lines.map((line) => [line.data.run, line.feed?.received ?? 0])),
      curves: this.panels.reduce((sum, panel) => sum + panel.curves.length, 0),
    }
  }

  choose(change) {
    Object.assign(this.choices, change)
    rememberChoices(this.choices, REMEMBERED)
    if ("smoothing" in change) for (const line of this.lines) line.feed.setSmoothing(change.smoothing)
    this.showChoices()
    this.schedule()
  }

  toggle(line) {
    line.isShown = !line.isShown
    this.schedule()
  }

  buildPanels() {
    this.showPanels(this.data.panels.map(([column, label]) => new OverlayPanel(this, column, label)))
  }

  paint() {
    this.legend.show(this.hasLegend ? this.lines : [])
    if (!this.hasLegend) for (const line of this.lines) line.isShown = true
    this.x.share()
    this.range = this.x.range()
    const hover = this.hover.show()
    for (const panel of this.panels) if (panel.width || panel.resize()) panel.draw(this.range, hover)
  }

  describe() {
    const sentences = this.panels.map((panel) => panel.describe())
    if (this.isDescribed || !this.lines.some((line) => line.feed.total)) return
    this.isDescribed = true // read out once; twenty live runs would never be silent
    this.spoken.textContent = `${sentences.join(". ")}.`
  }

  close() {
    for (const line of this.lines) line.close()
    super.close()
  }
}
