// Draws the curves of one panel on its canvas in about 1 ms.

import { Brush } from "./brush.js"
import { TOP } from "./axes.js"

export const VALIDATION = "#D55E00"

// x, y: ranges on screen. hover: x under the pointer, or null.
export function drawCurves(panel, range, y, hover) {
  const { chart, colour, traces } = panel
  const { raw, smooth, points } = traces
  const isSmoothed = chart.choices.smoothing > 0
  const brush = new Brush(panel, range, y)
  const { pen } = brush
  brush.begin()
  if (isSmoothed) {
    brush.ink(colour, 0.25, 1)
    raw.isBand ? brush.band(raw) : brush.line(raw)
  }
  const bold = isSmoothed ? smooth : raw
  if (bold.isBand) {
    brush.ink(colour, 0.4, 1)
    brush.band(bold)
  }
  brush.ink(colour, 1, isSmoothed ? 2 : 1.25)
  brush.line(bold)
  brush.markers(points, VALIDATION)
  brush.ink(chart.theme.text, 0.55, 1)
  pen.setLineDash([3, 4])
  pen.font = `11px ${chart.theme.font}`
  for (const row of chart.feed.reloads) {
    const x = chart.x.ofEpoch(row)
    if (!(x >= range[0] && x <= range[1])) continue
    brush.upright(x)
    pen.fillText("reloaded", brush.px(x) + 3, TOP + 10)
  }
  pen.setLineDash([])
  brush.ink(colour, 1, 1)
  if (raw.n === 1) brush.dots(raw, 2.5) // one batch does not make a line
  if (hover !== null) {
    brush.ink(chart.theme.text, 0.45, 1)
    brush.upright(hover)
  }
  brush.end()
}
