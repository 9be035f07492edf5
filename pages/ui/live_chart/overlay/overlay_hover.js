// Shows the values of all runs at the pointer, in all panels.

import { element } from "../element.js"
import { number, whole } from "../numbers.js"
import { search } from "../rows/cells.js"
import { visibleCells } from "../rows/visible_cells.js"
import { Hover } from "../panel/hover.js"

const MOST = 10 // runs in one tooltip

export class OverlayHover extends Hover {
  // Shows the tooltips. Returns x, or null.
  show() {
    const { x, chart } = this
    const [x0, x1] = chart.range
    const isOn = x !== null && x >= x0 && x <= x1
    for (const panel of chart.panels) {
      const lines = isOn ? this.lines(panel) : null
      panel.showTip(lines ? panel.axes.left + ((x - x0) / (x1 - x0)) * panel.inner.w : 0, lines)
    }
    return isOn ? x : null
  }

  lines(panel) {
    const found = []
    for (const { line } of panel.curves) {
      const value = this.value(line, panel.column)
      if (value !== null) found.push({ line, value })
    }
    if (!found.length) return null
    found.sort((a, b) => b.value - a.value)
    const rows = found.slice(0, MOST).map(({ line, value }) => element("span", { class: "lc-tip-run" },
      element("i", { style: `background: ${line.colour}` }), `${shorten(line.label)} ${number(value)}`))
    const rest = found.length - rows.length
    return [this.place(), ...rows, ...(rest > 0 ? [`and ${rest} more`] : [])]
  }

  place() {
    const { x, chart } = this
    if (chart.choices.x === "step") return `step ${whole(Math.max(1, Math.round(x)))}`
    return chart.choices.x === "epoch" ? `epoch ${number(x)}` : `${number(x)} ${chart.x.unit[1]}`
  }

  // The smoothed value at the pointer; null before the first row and after the last.
  value(line, column) {
    const { x, chart } = this
    if (!line.feed.total || x > line.x.now()) return null
    const piece = visibleCells(line.feed, line.x, ...chart.range)
      .find(({ cells, from, to }) => to > from && cells.columns[column] && line.x.of(cells, to - 1) >= x)
    if (!piece) return null
    const { cells } = piece
    const cell = Math.min(cells.count - 1, search(cells.count, (k) => line.x.of(cells, k), x))
    const value = cells.columns[column].shigh[cell]
    return Number.isFinite(value) ? value : null
  }
}

const shorten = (name) => ([...name].length > 32 ? `${[...name].slice(0, 31).join("")}…` : name)
