// The names of the runs at the ends of their curves, drawn as text on the canvas: nothing in a name is ever HTML.

import { TOP } from "../panel/axes.js"

const FONT = 11
const HEIGHT = 14 // px between two labels, at least
const WIDEST = 120 // px
const MARK = 10 // px: the coloured mark before the name

export class EndLabels {
  constructor(panel) {
    Object.assign(this, { panel, placed: [], known: new Map(), font: "" })
  }

  // Makes room for the longest name beside the curves.
  makeRoom(lines) {
    const { axes, width, chart } = this.panel
    const pen = this.panel.canvas.getContext("2d")
    const font = `${FONT}px ${chart.theme.font}`
    if (font !== this.font) this.known.clear()
    pen.font = this.font = font
    const limit = Math.min(WIDEST, width / 4)
    this.texts = new Map(lines.map((line) => [line, this.shorten(pen, line.label, limit)]))
    const longest = Math.max(0, ...[...this.texts.values()].map(({ width }) => width))
    axes.right = longest ? 8 * Math.ceil((longest + MARK + 8) / 8) : 12
  }

  // The text in at most `limit` pixels: the end of a name gives way, "(deleted)" does not.
  shorten(pen, label, limit) {
    const key = `${limit} ${label}`
    const known = this.known.get(key)
    if (known) return known
    const tail = label.endsWith(" (deleted)") ? " (deleted)" : ""
    const name = [...label.slice(0, label.length - tail.length)]
    let text = label
    while (pen.measureText(text).width > limit && name.length > 1) {
      name.pop()
      text = `${name.join("").trimEnd()}…${tail}`
    }
    const short = { text, width: pen.measureText(text).width }
    this.known.set(key, short)
    return short
  }

  draw(brush, curves) {
    const { pen, left, w, bottom } = brush
    const { theme } = this.panel.chart
    const ends = curves.map(({ line, traces }) => this.end(brush, line, traces)).filter(Boolean)
    this.placed = place(ends, bottom)
    pen.font = this.font
    pen.textBaseline = "middle"
    pen.lineJoin = "round"
    for (const { line, text, x, y, at } of this.placed) {
      brush.ink(line.colour, 1, 1)
      pen.fillRect(x, y - 4, 6, 8)
      if (Math.abs(y - at) > 5) { // it had to move: a thin line leads to its curve
        pen.beginPath()
        pen.moveTo(Math.min(x - 5, left + w), at)
        pen.lineTo(x, y)
        pen.stroke()
      }
      brush.ink(theme.paper, 0.85, 3)
      pen.strokeText(text, x + MARK, y)
      brush.ink(theme.text, 1, 1)
      pen.fillText(text, x + MARK, y)
    }
    pen.textBaseline = "alphabetic"
  }

  // Where the visible curve of a run ends.
  end({ px, py, shows, left, w, bottom }, line, { smooth, points }) {
    const curve = smooth.n ? smooth : points
    let i = curve.n - 1
    while (i >= 0 && !shows((curve.low[i] + curve.high[i]) / 2)) i--
    if (i < 0) return null
    const at = Math.min(bottom, Math.max(TOP, py((curve.low[i] + curve.high[i]) / 2)))
    const x = Math.min(left + w, Math.max(left, px(curve.x[i]))) + 5
    return { line, ...this.texts.get(line), x, y: at, at }
  }
}

// Moves labels that would cover each other apart: down in order of their height, then up from the lower edge.
function place(ends, bottom) {
  const labels = ends.sort((a, b) => a.at - b.at)
  const beside = (a, b) => a.x < b.x + b.width + MARK && b.x < a.x + a.width + MARK
  labels.forEach((label, i) => {
    for (const above of labels.slice(0, i)) if (beside(label, above)) label.y = Math.max(label.y, above.y + HEIGHT)
  })
  for (let i = labels.length - 1; i >= 0; i--) {
    labels[i].y = Math.min(labels[i].y, bottom)
    for (const below of labels.slice(i + 1)) if (beside(labels[i], below)) labels[i].y = Math.min(labels[i].y, below.y - HEIGHT)
  }
  return labels
}
