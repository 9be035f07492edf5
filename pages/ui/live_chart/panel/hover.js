// Shows the values under the pointer in all panels.

import { search } from "../rows/cells.js"
import { number, whole } from "../numbers.js"
import { visibleCells } from "../rows/visible_cells.js"

export class Hover {
  constructor(chart) { Object.assign(this, { chart, x: null }) }

  point(panel, event) {
    const { range } = this.chart
    if (!panel || !range) this.x = null
    else {
      const box = panel.plot.getBoundingClientRect()
      const share = (event.clientX - box.left - panel.axes.left) / panel.inner.w
      this.x = share < 0 || share > 1 ? null : range[0] + share * (range[1] - range[0])
    }
    this.chart.schedule()
  }

  // Shows the tooltips. Returns the x of the values shown, or null.
  show() {
    const found = this.x === null || !this.chart.feed.total ? null : this.nearest()
    for (const panel of this.chart.panels) {
      const lines = found && this.lines(panel, found)
      const [x0, x1] = this.chart.range
      panel.showTip(lines ? panel.axes.left + ((found.x - x0) / (x1 - x0)) * panel.inner.w : 0, lines)
    }
    return found && found.x
  }

  // The cell nearest to the pointer.
  nearest() {
    const { feed, range, x: axis } = this.chart
    const pieces = visibleCells(feed, axis, ...range).filter(({ from, to }) => to > from)
    if (!pieces.length) return null
    const { cells, from, to } = pieces.find((piece) => axis.of(piece.cells, piece.to - 1) >= this.x) ?? pieces.at(-1)
    let cell = Math.min(to - 1, Math.max(from, search(cells.count, (k) => axis.of(cells, k), this.x)))
    if (cell > from && this.x - axis.of(cells, cell - 1) < axis.of(cells, cell) - this.x) cell--
    return { cells, cell, x: axis.of(cells, cell) }
  }

  lines(panel, { cells, cell }) {
    const parts = cells.columns[panel.column]
    if (!parts) return null
    const last = cells.step(cell)
    const first = cells.base + cell * cells.width + 1
    const step = first < last ? `steps ${whole(first)}–${whole(last)}` : `step ${whole(last)}`
    const epoch = cells.epoch[cell] ? ` · epoch ${whole(cells.epoch[cell])}` : ""
    const [low, high] = [parts.low[cell], parts.high[cell]]
    const lines = [step + epoch, `${panel.label} ${number(low)}${low < high ? ` to ${number(high)}` : ""}`]
    if (this.chart.choices.smoothing > 0) lines.push(`smoothed ${number(parts.shigh[cell])}`)
    const { epochs } = this.chart.feed
    const row = epochs[search(epochs.length, (k) => epochs[k].step, last + 1) - 1]
    const value = row?.[`val_${panel.column}`]
    if (value !== undefined) lines.push(`validation ${number(value)} (epoch ${whole(row.epoch)})`)
    return lines
  }
}
