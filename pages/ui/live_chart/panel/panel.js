// One metric: its heading, axes and curves.

import { Axes, TOP } from "./axes.js"
import { drawCurves, VALIDATION } from "./curves.js"
import { element, setText } from "../element.js"
import { Gestures } from "./gestures.js"
import { number } from "../numbers.js"
import { Traces } from "./traces.js"
import { YRange } from "./y_range.js"

const WAITING = "The first batch will appear here."
const MISSING = "This run does not measure this value."

export class Panel {
  // unit: unit of the values, such as "in nats", or ""; unitHelp explains it.
  constructor(chart, column, label, colour, unit, unitHelp) {
    Object.assign(this, { chart, column, label, colour, unit, unitHelp })
    this.y = null // the range on screen
    this.yRange = new YRange()
    this.traces = new Traces()
    this.axes = new Axes(this)
    this.build()
    this.gestures = new Gestures(this)
    this.plot.addEventListener("pointermove", (event) => chart.hover.point(this, event))
    this.plot.addEventListener("pointerleave", () => chart.hover.point(null))
  }

  build() {
    const key = (name, colour) => {
      const value = element("span")
      const node = element("span", { class: "lc-key" }, element("i", { style: `background: ${colour}` }), name, value)
      return { node, value }
    }
    this.training = key("training ", this.colour)
    this.validation = key("validation ", VALIDATION)
    this.frame = element("div", { class: "lc-frame" })
    this.canvas = element("canvas", { class: "lc-canvas" })
    this.empty = element("div", { class: "lc-empty" }, WAITING)
    this.cut = element("div", { class: "lc-cut", hidden: true })
    this.selection = element("div", { class: "lc-box", hidden: true })
    this.tip = element("div", { class: "lc-tip", hidden: true })
    // One image for a screen reader: the texts inside make no sense alone.
    this.picture = element("div", { class: "lc-picture", role: "img" }, this.frame, this.canvas)
    this.plot = element("div", { class: "lc-plot", style: `height: ${this.chart.height}px` },
      this.picture, this.empty, this.cut, this.selection, this.tip)
    this.node = element("section", { class: "lc-panel" },
      element("div", { class: "lc-title" },
        element("span", {}, element("strong", {}, this.label), ` per batch${this.unit ? ", " : ""}`, element("span", { class: "lc-unit", title: this.unitHelp }, this.unit)),
        this.training.node, this.validation.node),
      this.plot)
    this.describe()
  }

  get inner() { return this.axes.size(this.width, this.chart.height) }

  resize() {
    const width = this.plot.clientWidth
    if (!width || width === this.width) return false
    this.width = width
    this.fitCanvas()
    this.axes.forget()
    return true
  }

  fitCanvas() {
    this.ratio = window.devicePixelRatio || 1
    this.canvas.width = Math.round(this.width * this.ratio)
    this.canvas.height = Math.round(this.chart.height * this.ratio)
  }

  // [low, high]: the range of y to show.
  zoom([low, high]) {
    if (high - low > 1e-9 * Math.max(Math.abs(low), Math.abs(high))) this.yRange.zoomed = [low, high]
    this.chart.zoom(null)
  }

  draw(x, hover) {
    const { chart, traces, yRange } = this
    const { choices } = chart
    if (this.ratio !== (window.devicePixelRatio || 1)) this.fitCanvas()
    traces.fill(chart, this.column, ...x, this.inner.w)
    this.y = yRange.choose(traces.all, traces.settled, { isLog: choices.log, showsAll: choices.full, isHeld: chart.x.held !== null })
    this.axes.draw(x, this.y)
    drawCurves(this, x, this.y, hover)
    this.write()
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
    const { cut } = this.yRange
    this.cut.hidden = !cut
    if (!cut) return
    const isAbove = cut.high > (this.chart.choices.log ? 10 ** this.y[1] : this.y[1])
    setText(this.cut, isAbove ? `▲ up to ${number(cut.high)} in the first steps` : `▼ down to ${number(cut.low)} in the first steps`)
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
    if (this.picture.getAttribute("aria-label") !== sentence) this.picture.setAttribute("aria-label", sentence)
    return sentence
  }

  // box: {x: [left, right] | null, y: [top, bottom] | null} in pixels of the plot area, or null.
  showBox(box) {
    this.selection.hidden = !box?.x && !box?.y
    if (this.selection.hidden) return
    const { w, h } = this.inner
    const [left, right] = box.x ?? [0, w]
    const [top, bottom] = box.y ?? [0, h]
    const px = { left: this.axes.left + left, top: TOP + top, width: right - left, height: bottom - top }
    for (const [name, value] of Object.entries(px)) this.selection.style[name] = `${value}px`
  }

  showTip(x, lines) {
    this.tip.hidden = !lines
    if (!lines) return
    this.tip.replaceChildren(...lines.map((text) => element("div", {}, text)))
    const isRight = x > this.axes.left + this.inner.w / 2
    this.tip.style.left = isRight ? "" : `${x + 12}px`
    this.tip.style.right = isRight ? `${this.width - x + 12}px` : ""
  }

  close() { this.axes.close() }
}
