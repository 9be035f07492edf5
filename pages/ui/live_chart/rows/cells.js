// The rows of a run in bounded memory.

import { Average } from "./smoothing.js"

export const CAPACITY = 262144 // cells of the whole history; when full, pairs are merged

export const lesser = (a, b) => (a < b || b !== b ? a : b)
export const greater = (a, b) => (a > b || b !== b ? a : b)

// Rows [base, base + rows) in cells of `width` rows. Each cell holds, per column, the smallest and largest value as
// measured (low, high) and smoothed (slow, shigh), and the time and epoch of its last row.
export class Cells {
  constructor(names, { base = 0, width = 1, capacity = CAPACITY, keepsAll = true } = {}) {
    Object.assign(this, { names, base, width, capacity, keepsAll, rows: 0, size: 0 })
    this.columns = {}
    this.grouped = {}
    for (const name of names) this.columns[name] = {}
    this.grow(1024)
  }

  get count() { return Math.ceil(this.rows / this.width) }
  get end() { return this.base + this.rows }

  grow(size) {
    const copy = (kind, old) => {
      const array = new kind(size)
      if (old) array.set(old)
      return array
    }
    this.size = size
    this.time = copy(Float64Array, this.time)
    this.epoch = copy(Int32Array, this.epoch)
    for (const name of this.names) {
      const column = this.columns[name]
      for (const part of ["low", "high", "slow", "shigh"]) column[part] = copy(Float32Array, column[part])
    }
  }

  static load({ first, rows, width, columns, arrays }, capacity = CAPACITY) {
    const cells = new Cells(columns, { base: first, width, capacity })
    cells.rows = rows
    const count = cells.count
    if (count > cells.size) cells.grow(count)
    if (!count) return cells
    cells.time.set(arrays.time)
    cells.epoch.set(arrays.epoch)
    for (const name of columns) {
      const column = cells.columns[name]
      column.low.set(arrays[name] ?? arrays[`${name}:min`])
      column.high.set(arrays[name] ?? arrays[`${name}:max`])
      column.slow.set(arrays[`${name}:smooth`] ?? arrays[`${name}:smooth_min`])
      column.shigh.set(arrays[`${name}:smooth`] ?? arrays[`${name}:smooth_max`])
    }
    return cells
  }

  // Adds rows [from, to). values, smoothed: {name: array}.
  append(values, smoothed, time, epoch, from, to) {
    for (let i = from; i < to; i++) {
      const at = this.rows % this.width
      if (at === 0 && this.count === this.capacity) this.keepsAll ? this.merge() : this.forget()
      const cell = Math.floor(this.rows / this.width)
      if (cell >= this.size) this.grow(Math.min(2 * this.size, this.capacity))
      const isNew = this.rows % this.width === 0
      this.time[cell] = time[i]
      this.epoch[cell] = epoch ? epoch[i] : 0
      for (const name of this.names) {
        const column = this.columns[name]
        const value = Number.isFinite(values[name][i]) ? values[name][i] : NaN
        const smooth = smoothed[name][i]
        column.low[cell] = isNew ? value : lesser(value, column.low[cell])
        column.high[cell] = isNew ? value : greater(value, column.high[cell])
        column.slow[cell] = isNew ? smooth : lesser(smooth, column.slow[cell])
        column.shigh[cell] = isNew ? smooth : greater(smooth, column.shigh[cell])
      }
      this.rows++
    }
  }

  // The smallest and largest value of each complete group of `group` cells, counted from the first cell.
  // Complete groups never change, so a draw reads only the cells that came since the last draw.
  groups(name, group) {
    let kept = this.grouped[name]
    if (kept?.group !== group) {
      const room = () => new Float32Array(Math.ceil(this.capacity / group))
      kept = this.grouped[name] = { group, count: 0, low: room(), high: room(), slow: room(), shigh: room() }
    }
    const whole = Math.floor(Math.floor(this.rows / this.width) / group)
    for (; kept.count < whole; kept.count++) {
      const first = kept.count * group
      for (const part of ["low", "slow"]) kept[part][kept.count] = this.over(lesser, this.columns[name][part], first, first + group)
      for (const part of ["high", "shigh"]) kept[part][kept.count] = this.over(greater, this.columns[name][part], first, first + group)
    }
    return kept
  }

  over(chosen, values, from, to) {
    let found = NaN
    for (let i = from; i < to; i++) found = chosen(found, values[i])
    return found
  }

  merge() {
    const half = this.count / 2
    this.grouped = {}
    for (let i = 0; i < half; i++) {
      this.time[i] = this.time[2 * i + 1]
      this.epoch[i] = this.epoch[2 * i + 1]
    }
    for (const name of this.names) {
      const { low, high, slow, shigh } = this.columns[name]
      for (let i = 0, j = 0; i < half; i++, j += 2) {
        low[i] = lesser(low[j], low[j + 1])
        high[i] = greater(high[j], high[j + 1])
        slow[i] = lesser(slow[j], slow[j + 1])
        shigh[i] = greater(shigh[j], shigh[j + 1])
      }
    }
    this.width *= 2
  }

  forget() {
    const half = this.count >> 1
    for (const array of [this.time, this.epoch, ...this.names.flatMap((name) => Object.values(this.columns[name]))])
      array.copyWithin(0, half, this.count)
    this.base += half * this.width
    this.rows -= half * this.width
  }

  // Smooths again from the values. Only if a cell is one row and the first is row 0.
  resmooth(weight) {
    const averages = {}
    this.grouped = {}
    for (const name of this.names) {
      const { low, slow, shigh } = this.columns[name]
      const average = (averages[name] = new Average(weight))
      for (let i = 0; i < this.rows; i++) slow[i] = shigh[i] = average.push(low[i])
    }
    return averages
  }

  // The last step of a cell: row i is step i + 1.
  step(cell) { return this.base + Math.min((cell + 1) * this.width, this.rows) }
}

// The first index in [0, count) where at(index) >= x, or count.
export function search(count, at, x) {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >> 1
    if (at(middle) < x) low = middle + 1
    else high = middle
  }
  return low
}
