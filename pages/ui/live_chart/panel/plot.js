// The surface of one panel: a canvas for the axes, one for the curves, the tooltip and the zoom box.
//
// A subclass has draw() and shownCurves(), `label` and `column`, and gives the heading.

import { Axes, TOP } from "./axes.js"
import { element, setText } from "../element.js"
import { Gestures } from "./gestures.js"
import { number } from "../numbers.js"
import { saveMenu } from "./save_menu.js"
import { YRange } from "./y_range.js"

export class Plot {
  constructor(chart) {
    this.chart = chart
    this.y = null // the range on screen
    this.yRange = new YRange()
    this.axes = new Axes(this)
    this.frame = element("canvas", { class: "lc-canvas" })
    this.canvas = element("canvas", { class: "lc-canvas" })
    this.empty = element("div", { class: "lc-empty" })
    this.cut = element("div", { class: "lc-cut", hidden: true })
    this.selection = element("div", { class: "lc-box", hidden: true })
    this.tip = element("div", { class: "lc-tip", hidden: true })
    // One image for a screen reader: the texts inside make no sense alone.
    this.picture = element("div", { class: "lc-picture", role: "img" }, this.frame, this.canvas)
    this.plot = element("div", { class: "lc-plot", style: `height: ${chart.height}px` },
      this.picture, this.empty, this.cut, this.selection, this.tip)
    this.gestures = new Gestures(this)
    this.plot.addEventListener("pointermove", (event) => chart.hover.point(this, event))
    this.plot.addEventListener("pointerleave", () => chart.hover.point(null))
  }

  get inner() { return this.axes.size(this.width, this.chart.height) }

  // heading: nodes above the curves.
  assemble(...heading) {
    this.node = element("section", { class: "lc-panel" }, element("div", { class: "lc-title" }, ...heading, saveMenu(this)), this.plot)
  }

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
    for (const canvas of [this.frame, this.canvas]) {
      canvas.width = Math.round(this.width * this.ratio)
      canvas.height = Math.round(this.chart.height * this.ratio)
    }
  }

  // [low, high]: the range of y to show.
  zoom([low, high]) {
    if (high - low > 1e-9 * Math.max(Math.abs(low), Math.abs(high))) this.yRange.zoomed = [low, high]
    this.chart.zoom(null)
  }

  // Chooses the range of y and draws the axes. all, settled: {low, high}, as in YRange.choose.
  drawAxes(x, all, settled) {
    const { chart } = this
    const { choices } = chart
    if (this.ratio !== (window.devicePixelRatio || 1)) this.fitCanvas()
    this.y = this.yRange.choose(all, settled, { isLog: choices.log, showsAll: choices.full, isHeld: chart.x.held !== null })
    this.axes.draw(x, this.y)
  }

  // Writes a note on values outside the range.
  writeCut() {
    const { cut } = this.yRange
    this.cut.hidden = !cut
    if (!cut) return
    const isAbove = cut.high > (this.chart.choices.log ? 10 ** this.y[1] : this.y[1])
    setText(this.cut, isAbove ? `▲ up to ${number(cut.high)} in the first steps` : `▼ down to ${number(cut.low)} in the first steps`)
  }

  // sentence: the description of the image.
  setDescription(sentence) {
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

  // lines: one for each row, strings or nodes; null hides the tooltip.
  showTip(x, lines) {
    this.tip.hidden = !lines
    if (!lines) return
    this.tip.replaceChildren(...lines.map((line) => element("div", {}, line)))
    const isRight = x > this.axes.left + this.inner.w / 2
    this.tip.style.left = isRight ? "" : `${x + 12}px`
    this.tip.style.right = isRight ? `${this.width - x + 12}px` : ""
  }
}
