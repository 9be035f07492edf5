// Chooses the cells to draw for a range of x.

import { search } from "./cells.js"

export const MAX_BUCKETS = 1000 // a bucket is two points: at most 2,000 points per trace

// The finest loaded cells for x in [x0, x1]: [{cells, from, to}]. Asks the feed for finer ones if needed.
export function visibleCells(feed, axis, x0, x1) {
  const { main, tail, detail } = feed
  const part = (cells, after = 0) => {
    const at = (k) => axis.of(cells, k)
    const start = after ? search(cells.count, (k) => cells.step(k), after + 1) : 0
    const from = Math.max(start, search(cells.count, at, x0) - 1) // one cell beyond each edge, so that the line leaves the frame
    return { cells, from: Math.max(0, from), to: Math.min(cells.count, search(cells.count, at, x1) + 1) }
  }
  const coarse = part(main)
  if (main.width === 1 || coarse.to <= coarse.from) return [coarse]
  const lo = main.base + coarse.from * main.width
  const hi = Math.min(main.end, main.base + coarse.to * main.width)
  if (tail.rows && tail.base <= lo) return [part(tail)]
  if (coarse.to - coarse.from < MAX_BUCKETS) feed.wantDetail(lo, hi)
  if (!detail || detail.width >= main.width || detail.base > lo + main.width || detail.end <= lo) return [coarse]
  const rest = tail.rows && tail.base <= detail.end ? tail : main
  const pieces = [part(detail), part(rest, detail.end)]
  return pieces.filter(({ from, to }) => to > from)
}
