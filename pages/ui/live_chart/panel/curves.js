// Draws the curves of one panel on its canvas in about 1 ms.

import { TOP } from "./axes.js"

export const VALIDATION = "#D55E00"
const FEW = 100 // more points than this are drawn smaller

// x, y: ranges on screen. hover: x under the pointer, or null.
export function drawCurves(panel, [x0, x1], y, hover) {
  const { chart, colour, traces, width } = panel
  const { raw, smooth, points } = traces
  const { w, h } = panel.inner
  const { left } = panel.axes
  const isLog = chart.choices.log
  const isSmoothed = chart.choices.smoothing > 0
  const px = (x) => left + ((x - x0) / (x1 - x0)) * w
  const py = (v) => TOP + h - (((isLog ? Math.log10(v) : v) - y[0]) / (y[1] - y[0])) * h
  const shows = (value) => !isLog || value > 0
  const pen = panel.canvas.getContext("2d")
  const ink = (style, alpha, thickness) => {
    pen.strokeStyle = pen.fillStyle = style
    pen.globalAlpha = alpha
    pen.lineWidth = thickness
  }
  const line = ({ x, low, high, n }) => {
    pen.beginPath()
    for (let i = 0; i < n; i++) {
      const middle = (low[i] + high[i]) / 2
      if (shows(middle)) pen.lineTo(px(x[i]), py(middle))
    }
    pen.stroke()
  }
  // Fills between the smallest and largest value of every bucket.
  const band = ({ x, low, high, n }) => {
    pen.beginPath()
    for (let i = 0; i < n; i++) if (shows(high[i])) pen.lineTo(px(x[i]), py(high[i]))
    for (let i = n - 1; i >= 0; i--) if (shows(high[i])) pen.lineTo(px(x[i]), shows(low[i]) ? py(low[i]) : TOP + h)
    pen.fill()
  }
  // One path for all: one fill per dot would cost more than the curves.
  const dots = ({ x, low, n }, size) => {
    pen.beginPath()
    for (let i = 0; i < n; i++) {
      if (!shows(low[i])) continue
      if (n > FEW) pen.rect(px(x[i]) - size, py(low[i]) - size, 2 * size, 2 * size)
      else { pen.moveTo(px(x[i]), py(low[i])); pen.arc(px(x[i]), py(low[i]), size, 0, 7) }
    }
    pen.fill()
  }
  const upright = (x) => {
    pen.beginPath()
    pen.moveTo(px(x), TOP)
    pen.lineTo(px(x), TOP + h)
    pen.stroke()
  }

  pen.setTransform(panel.ratio, 0, 0, panel.ratio, 0, 0)
  pen.clearRect(0, 0, width, chart.height)
  pen.save()
  pen.beginPath()
  pen.rect(left, TOP - 4, w + 4, h + 4)
  pen.clip()
  pen.lineJoin = "round"
  if (isSmoothed) {
    ink(colour, 0.25, 1)
    raw.isBand ? band(raw) : line(raw)
  }
  const bold = isSmoothed ? smooth : raw
  if (bold.isBand) {
    ink(colour, 0.4, 1)
    band(bold)
  }
  ink(colour, 1, isSmoothed ? 2 : 1.25)
  line(bold)
  ink(VALIDATION, 0.8, 1)
  line(points)
  ink(VALIDATION, 1, 1)
  dots(points, points.n > FEW ? 1.25 : 3)
  ink(chart.theme.text, 0.55, 1)
  pen.setLineDash([3, 4])
  pen.font = `11px ${chart.theme.font}`
  for (const row of chart.feed.reloads) {
    const x = chart.x.ofEpoch(row)
    if (!(x >= x0 && x <= x1)) continue
    upright(x)
    pen.fillText("reloaded", px(x) + 3, TOP + 10)
  }
  pen.setLineDash([])
  ink(colour, 1, 1)
  if (raw.n === 1) dots(raw, 2.5) // one batch does not make a line
  if (hover !== null) {
    ink(chart.theme.text, 0.45, 1)
    upright(hover)
  }
  pen.restore()
}
