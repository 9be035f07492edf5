// One metric of several runs: its heading, axes and a curve per run.

import { Brush } from "../panel/brush.js"
import { element, setText } from "../element.js"
import { EndLabels } from "./end_labels.js"
import { number } from "../numbers.js"
import { Plot } from "../panel/plot.js"
import { Traces } from "../panel/traces.js"

const WAITING = "The first batch will appear here."
const MISSING = "None of these runs measures this value."
const FEW = 3 // with more runs, the measured values would cover each other
const MANY = 8 // with more runs, a point per two pixels is enough

const wider = (a, b) => ({ low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) })
const NOTHING = { low: Infinity, high: -Infinity }

export class OverlayPanel extends Plot {
  constructor(chart, column, label) {
    super(chart)
    Object.assign(this, { column, label, curves: [] })
    this.traces = new Map() // of a run's line: what was filled last, and for which rows and range
    this.labels = new EndLabels(this)
    this.how = element("span", { class: "lc-how" })
    this.assemble(element("span", {}, element("strong", {}, label), " per batch"), this.how)
  }

  draw(x, hover) {
    const { chart } = this
    const lines = chart.lines.filter((line) => line.isShown)
    this.labels.makeRoom(chart.hasLegend ? [] : lines)
    this.hasRaw = lines.length <= FEW
    const width = this.inner.w / (lines.length > MANY ? 2 : 1)
    this.curves = lines.map((line) => ({ line, traces: this.fill(line, x, width) })).filter(({ traces }) => traces.smooth.n + traces.points.n > 0)
    const [all, settled] = ["all", "settled"].map((span) => this.curves.map(({ traces }) => traces[span]).reduce(wider, NOTHING))
    this.drawAxes(x, all, settled)
    this.drawCurves(x, hover)
    this.write(lines)
  }

  // Fills only what has changed: of twenty runs, most have ended.
  fill(line, [x0, x1], width) {
    const { choices } = this.chart
    let traces = this.traces.get(line)
    if (!traces) this.traces.set(line, (traces = new Traces()))
    const key = [x0, x1, width, line.version, choices.log, choices.smoothing, choices.x, line.x.unit, this.hasRaw].join()
    if (traces.key === key) return traces
    traces.key = key
    traces.hasRaw = this.hasRaw
    traces.fill(line, this.column, x0, x1, width)
    return traces
  }

  forget(line) { this.traces.delete(line) }

  drawCurves(range, hover) {
    const { chart, curves, hasRaw } = this
    const brush = new Brush(this, range, this.y)
    brush.begin()
    if (hasRaw && chart.choices.smoothing > 0)
      for (const { line, traces: { raw } } of curves) {
        brush.ink(line.colour, 0.2, 1)
        raw.isBand ? brush.band(raw) : brush.line(raw)
      }
    for (const { line, traces: { smooth } } of curves) {
      brush.ink(line.colour, 1, 1.75)
      smooth.n === 1 ? brush.dots(smooth, 2.5) : brush.line(smooth)
    }
    for (const { line, traces: { points } } of curves) brush.markers(points, line.colour)
    if (hover !== null) {
      brush.ink(chart.theme.text, 0.45, 1)
      brush.upright(hover)
    }
    brush.end()
    this.labels.draw(brush, chart.hasLegend ? [] : curves)
  }

  // What is drawn, for a saved picture; see save_menu.js.
  shownCurves() {
    return this.curves.flatMap(({ line, traces: { smooth, points } }) => [
      { buffer: smooth, name: line.label, colour: line.colour },
      { buffer: points, name: `${line.label}, validation`, colour: line.colour, isDots: true },
    ])
  }

  write(lines) {
    const { curves } = this
    this.empty.hidden = curves.length > 0
    const isWaiting = lines.some((line) => line.isLive || !line.feed.total)
    setText(this.empty, isWaiting || !lines.length ? WAITING : MISSING)
    setText(this.how, curves.some(({ traces }) => traces.points.n) ? "line: training, dots: validation" : "")
    this.writeCut()
  }

  // The description of the image in a sentence.
  describe() {
    const parts = this.chart.lines.map((line) => {
      const average = line.feed.averages[this.column]
      return `${line.label} ${line.feed.total && average ? number(average.smooth) : "no values yet"}`
    })
    return this.setDescription(`${this.label} per batch: ${parts.join(", ")}`)
  }
}
