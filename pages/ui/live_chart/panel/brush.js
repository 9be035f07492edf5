// Draws lines, bands and dots of values on the canvas of a panel.

import { TOP } from "./axes.js"

const FEW = 100 // more points than this are drawn smaller

export class Brush {
  // x, y: ranges on screen; y in powers of ten on a logarithmic axis.
  constructor(panel, [x0, x1], y) {
    const { w, h } = panel.inner
    const { left } = panel.axes
    const isLog = panel.chart.choices.log
    const [kx, ky] = [w / (x1 - x0), h / (y[1] - y[0])]
    Object.assign(this, { panel, left, w, h, bottom: TOP + h })
    this.pen = panel.canvas.getContext("2d")
    this.px = (x) => left + (x - x0) * kx
    this.py = (v) => TOP + h - ((isLog ? Math.log10(v) : v) - y[0]) * ky
    this.shows = (value) => !isLog || value > 0
  }

  // Clears the canvas; until end(), nothing is drawn outside the plot area.
  begin() {
    const { pen, panel } = this
    pen.setTransform(panel.ratio, 0, 0, panel.ratio, 0, 0)
    pen.clearRect(0, 0, panel.width, panel.chart.height)
    pen.save()
    pen.beginPath()
    pen.rect(this.left, TOP - 4, this.w + 4, this.h + 4)
    pen.clip()
    pen.lineJoin = "round"
  }

  end() { this.pen.restore() }

  ink(style, alpha, thickness) {
    this.pen.strokeStyle = this.pen.fillStyle = style
    this.pen.globalAlpha = alpha
    this.pen.lineWidth = thickness
  }

  line({ x, low, high, n }) {
    const { pen, px, py, shows } = this
    pen.beginPath()
    for (let i = 0; i < n; i++) {
      const middle = (low[i] + high[i]) / 2
      if (shows(middle)) pen.lineTo(px(x[i]), py(middle))
    }
    pen.stroke()
  }

  // Fills between the smallest and largest value of every bucket.
  band({ x, low, high, n }) {
    const { pen, px, py, shows } = this
    pen.beginPath()
    for (let i = 0; i < n; i++) if (shows(high[i])) pen.lineTo(px(x[i]), py(high[i]))
    for (let i = n - 1; i >= 0; i--) if (shows(high[i])) pen.lineTo(px(x[i]), shows(low[i]) ? py(low[i]) : this.bottom)
    pen.fill()
  }

  // One path for all: one fill per dot would cost more than the curves.
  dots({ x, low, n }, size) {
    const { pen, px, py, shows } = this
    pen.beginPath()
    for (let i = 0; i < n; i++) {
      if (!shows(low[i])) continue
      if (n > FEW) pen.rect(px(x[i]) - size, py(low[i]) - size, 2 * size, 2 * size)
      else { pen.moveTo(px(x[i]), py(low[i])); pen.arc(px(x[i]), py(low[i]), size, 0, 7) }
    }
    pen.fill()
  }

  // Validation values: dots, joined thinly.
  markers(points, colour) {
    this.ink(colour, 0.8, 1)
    this.line(points)
    this.ink(colour, 1, 1)
    this.dots(points, points.n > FEW ? 1.25 : 3)
  }

  upright(x) {
    const { pen, px } = this
    pen.beginPath()
    pen.moveTo(px(x), TOP)
    pen.lineTo(px(x), this.bottom)
    pen.stroke()
  }
}
