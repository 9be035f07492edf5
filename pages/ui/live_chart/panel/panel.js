// One metric of one run: its heading, axes and curves.

import { drawCurves, VALIDATION } from "./curves.js"
import { element, setText } from "../element.js"
import { number } from "../numbers.js"
import { Plot } from "./plot.js"
import { Traces } from "./traces.js"

const WAITING = "The first batch will appear here."
const MISSING = "This run does not measure this value."

export class Panel extends Plot {
  // unit: unit of the values, such as "in nats", or ""; unitHelp explains it.
  constructor(chart, column, label, colour, unit, unitHelp) {
    super(chart)
    Object.assign(this, { column, label, colour })
    this.traces = new Traces()
    const key = (name, ink) => {
      const value = element("span")
      const node = element("span", { class: "lc-key" }, element("i", { style: `background: ${ink}` }), name, value)
      return { node, value }
    }
    this.training = key("training ", colour)
    this.validation = key("validation ", VALIDATION)
    setText(this.empty, WAITING)
    this.assemble(
      element("span", {}, element("strong", {}, label), ` per batch${unit ? ", " : ""}`, element("span", { class: "lc-unit", title: unitHelp }, unit)),
      this.training.node, this.validation.node)
    this.describe()
  }

  draw(x, hover) {
    const { chart, traces } = this
    traces.fill(chart, this.column, ...x, this.inner.w)
    this.drawAxes(x, traces.all, traces.settled)
    drawCurves(this, x, this.y, hover)
    this.write()
  }

  // What is drawn, for a saved picture; see save_menu.js.
  shownCurves() {
    const { traces: { raw, smooth, points }, colour } = this
    const isSmoothed = this.chart.choices.smoothing > 0
    return [
      ...(isSmoothed ? [{ buffer: raw, name: "each batch", colour, opacity: 0.3 }] : []),
      { buffer: isSmoothed ? smooth : raw, name: isSmoothed ? "training, smoothed" : "training", colour },
      { buffer: points, name: "validation", colour: VALIDATION, isDots: true },
    ]
  }

  // Writes the newest values, and a note on values outside the range.
  write() {
    const { training, validation } = this.values()
    setText(this.training.value, number(training))
    setText(this.validation.value, number(validation))
    this.validation.node.hidden = !Number.isFinite(validation)
    const { raw, points } = this.traces
    const { feed } = this.chart
    this.empty.hidden = raw.n + points.n > 0
    setText(this.empty, feed.total > 0 && !(this.column in feed.averages) ? MISSING : WAITING)
    this.writeCut()
  }

  // The newest smoothed value and the newest validation value; NaN if there is none.
  values() {
    const { feed } = this.chart
    const average = feed.averages[this.column]
    const row = feed.epochs.findLast((epoch) => epoch[`val_${this.column}`] !== undefined)
    return { training: feed.total && average ? average.smooth : NaN, validation: row?.[`val_${this.column}`] ?? NaN, epoch: row?.epoch }
  }

  // The description of the image in a sentence.
  describe() {
    const { feed } = this.chart
    const { training, validation, epoch } = feed ? this.values() : {}
    const parts = [`${this.label} per batch`]
    if (!Number.isFinite(training)) parts.push("no values yet")
    else parts.push(`${number(training)} at step ${feed.total.toLocaleString("en-US")}`)
    if (Number.isFinite(validation)) parts.push(`validation ${number(validation)} after epoch ${epoch}`)
    const sentence = `${parts[0]}: ${parts.slice(1).join(", ")}`
    return this.setDescription(sentence)
  }
}
