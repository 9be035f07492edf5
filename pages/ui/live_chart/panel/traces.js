// The points that one panel draws: measured, smoothed and validation values.

import { greater, lesser } from "../rows/cells.js"
import { MAX_BUCKETS, visibleCells } from "../rows/visible_cells.js"

const FIRST = 0.1 // share of a run whose values may lie outside the y range
const LEAST_ROWS = 20

export class Traces {
  // hasRaw: whether the measured values are drawn beside the smoothed ones.
  constructor({ hasRaw = true } = {}) {
    this.hasRaw = hasRaw;
    [this.raw, this.smooth, this.points] = this.buffers = [0, 1, 2].map(() => {
      const [x, low, high] = [0, 1, 2].map(() => new Float64Array(2 * MAX_BUCKETS + 16))
      return { x, low, high, n: 0, isBand: false }
    })
  }

  // Fills the buffers for x in [x0, x1] and finds {low, high} of y: `all`, and `settled` without the first rows.
  fill(chart, column, x0, x1, width) {
    const { feed, x: axis } = chart
    const isLog = chart.choices.log
    const all = (this.all = { low: Infinity, high: -Infinity })
    const settled = (this.settled = { low: Infinity, high: -Infinity })
    const isWhole = !axis.zoomed && !chart.choices.follow && feed.total >= LEAST_ROWS
    const settledFrom = isWhole ? axis.ofRow(Math.floor(FIRST * feed.total)) : -Infinity
    const widen = (span, y) => {
      if (!Number.isFinite(y) || (isLog && y <= 0)) return
      if (y < span.low) span.low = y
      if (y > span.high) span.high = y
    }
    const { raw, smooth, points } = this
    raw.n = smooth.n = points.n = 0
    raw.isBand = smooth.isBand = false
    const { hasRaw } = this
    const put = (buffer, x, low, high = low) => {
      if ((buffer === raw && !hasRaw) || low !== low || buffer.n >= buffer.x.length) return
      buffer.x[buffer.n] = x
      buffer.low[buffer.n] = low
      buffer.high[buffer.n++] = high
      if (low !== high) buffer.isBand = true
      widen(all, low)
      widen(all, high)
      if (x <= settledFrom) return
      widen(settled, low)
      widen(settled, high)
    }
    const pieces = visibleCells(feed, axis, x0, x1)
    const rows = pieces.reduce((sum, piece) => sum + piece.cells.width * (piece.to - piece.from), 0)
    const buckets = Math.min(MAX_BUCKETS, Math.round(width))
    for (const { cells, from, to } of pieces) {
      const parts = cells.columns[column]
      if (!parts) continue
      let group = 1
      while (rows / (cells.width * group) > buckets) group *= 2
      const origin = cells.base / cells.width // counted from row 0, so that buckets do not move
      const known = group > 1 && cells.keepsAll && origin === 0 ? cells.groups(column, group) : null
      for (let i = from; i < to;) {
        const bucket = Math.floor((origin + i) / group)
        const end = Math.min(to, (bucket + 1) * group - origin)
        const x = axis.of(cells, end - 1)
        if (known && bucket < known.count && end - i === group) {
          put(raw, x, known.low[bucket], known.high[bucket])
          put(smooth, x, known.slow[bucket], known.shigh[bucket])
        } else {
          put(raw, x, cells.over(lesser, parts.low, i, end), cells.over(greater, parts.high, i, end))
          put(smooth, x, cells.over(lesser, parts.slow, i, end), cells.over(greater, parts.shigh, i, end))
        }
        i = end
      }
    }
    const average = feed.averages[column]
    if (feed.total && average && axis.now() <= x1) { // the newest value, besides its bucket
      put(raw, axis.now(), average.last)
      put(smooth, axis.now(), average.smooth)
    }
    const name = `val_${column}`
    const { epochs } = feed
    const stride = Math.max(1, Math.ceil(epochs.length / MAX_BUCKETS))
    for (let i = (epochs.length - 1) % stride; i < epochs.length; i += stride) {
      if (epochs[i][name] === undefined) continue
      const x = axis.ofEpoch(epochs[i])
      if (x >= x0 && x <= x1) put(points, x, epochs[i][name])
    }
  }
}
