// The axes of a panel, on a canvas of their own beneath the curves: gridlines, tick labels and the title of x.

import { linearTicks, logTicks } from "./ticks.js"

export const TOP = 8
const BOTTOM = 40
const RIGHT = 12 // px, unless labels need more
const FONT = 11
const TITLE_FONT = 12
const GAP = 6 // px between a label and its axis

export class Axes {
  constructor(panel) {
    Object.assign(this, { panel, key: null, left: 32, right: RIGHT })
    this.shown = null // of x and y: range, ticks (values, labels); the title of x; whether y is logarithmic
  }

  // Size of the plot area in pixels.
  size(width, height) {
    return { w: Math.max(10, width - this.left - this.right), h: Math.max(10, height - TOP - BOTTOM) }
  }

  // Makes just enough room for the tick labels. The room only grows, so that the curves do not jump.
  fit(pen, labels) {
    const widest = Math.max(0, ...labels.map((label) => pen.measureText(label).width))
    this.left = Math.max(this.left, 8 * Math.ceil((widest + 10) / 8))
  }

  forget() {
    this.key = null
    this.left = 32
  }

  // x, y: ranges; y in powers of ten on a logarithmic axis. Draws only what has changed since the last call.
  draw(x, y) {
    const { panel } = this
    const { chart } = panel
    const { choices, theme } = chart
    const title = chart.x.title()
    const key = [x, y, choices.x, title, choices.log, theme.key, panel.width, panel.ratio, this.right].join()
    if (this.key === key) return
    this.key = key
    const pen = panel.frame.getContext("2d")
    pen.setTransform(panel.ratio, 0, 0, panel.ratio, 0, 0)
    pen.clearRect(0, 0, panel.width, chart.height)
    pen.font = `${FONT}px ${theme.font}`
    const yTicks = choices.log ? logTicks(...y) : linearTicks(...y)
    this.fit(pen, yTicks.labels)
    const { w, h } = panel.inner
    const count = Math.min(6, Math.max(2, Math.floor(w / 70)))
    const xTicks = linearTicks(...x, { count, isWhole: choices.x === "step" })
    this.shown = { x: { range: x, title, ...xTicks }, y: { range: y, isLog: choices.log, ...yTicks } }
    const [right, bottom] = [this.left + w, TOP + h]
    const across = (value) => this.left + (w * (value - x[0])) / (x[1] - x[0])
    const up = (value) => bottom - (h * ((choices.log ? Math.log10(value) : value) - y[0])) / (y[1] - y[0])

    pen.strokeStyle = theme.grid
    pen.lineWidth = 1
    pen.beginPath()
    for (const at of [this.left, ...xTicks.values.map(across)]) line(pen, at, TOP, at, bottom)
    for (const at of [bottom, ...yTicks.values.map(up)]) line(pen, this.left, at, right, at)
    pen.stroke()

    pen.fillStyle = theme.text
    pen.textAlign = "right"
    pen.textBaseline = "middle"
    yTicks.values.forEach((value, i) => pen.fillText(yTicks.labels[i], this.left - GAP, up(value)))
    pen.textAlign = "center"
    pen.textBaseline = "top"
    xTicks.values.forEach((value, i) => {
      // A label at the edge stays inside.
      const half = pen.measureText(xTicks.labels[i]).width / 2
      pen.fillText(xTicks.labels[i], Math.min(Math.max(across(value), half), panel.width - half), bottom + GAP)
    })
    pen.font = `${TITLE_FONT}px ${theme.font}`
    pen.textBaseline = "bottom"
    pen.fillText(title, this.left + w / 2, chart.height - 2)
  }
}

// A sharp line: a pixel wide, on the pixels' grid.
function line(pen, x0, y0, x1, y1) {
  const [dx, dy] = x0 === x1 ? [0.5, 0] : [0, 0.5]
  pen.moveTo(Math.round(x0) + dx, Math.round(y0) + dy)
  pen.lineTo(Math.round(x1) + dx, Math.round(y1) + dy)
}
