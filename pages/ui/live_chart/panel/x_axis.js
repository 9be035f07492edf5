// The x axis that all panels share: step, epoch or time, and the range of it on screen.

import { search } from "../rows/cells.js"

const FOLLOW_ROWS = 500
const FOLLOW_SECONDS = 20

export class XAxis {
  constructor(chart) {
    Object.assign(this, { chart, unit: [1, "s"] })
    this.reset()
  }

  get feed() { return this.chart.feed }
  get kind() { return this.chart.choices.x }

  // Seconds of training so far.
  get seconds() {
    const { main } = this.feed
    return main.count ? main.time[main.count - 1] : 0
  }

  reset() {
    this.zoomed = null // the range chosen by the user
    this.held = null // the range during a drag, which new rows must not move
    this.kept = null // the end of the range that grows with the run
  }

  title() { return { step: "Step", epoch: "Epoch", time: `Training time (${this.unit[1]})` }[this.kind] }

  // Longer runs use minutes or hours. Converts the ranges on screen.
  updateUnit() {
    const { seconds } = this
    const unit = seconds > 2 * 3600 ? [3600, "h"] : seconds > 300 ? [60, "min"] : [1, "s"]
    const factor = this.unit[0] / unit[0]
    this.unit = unit
    if (factor === 1 || this.kind !== "time") return
    for (const name of ["zoomed", "held"]) this[name] &&= this[name].map((x) => x * factor)
    this.kept = null
  }

  // Finished epochs at a step, with the fraction of the current one.
  epochAt(step, epoch) {
    const length = this.chart.data.steps_per_epoch
    if (length) return step / length
    const { epochs } = this.feed
    if (!epochs.length) return Math.max(0, epoch - 1)
    const i = search(epochs.length, (k) => epochs[k].step, step)
    const start = i ? epochs[i - 1].step : 0
    const end = i < epochs.length ? epochs[i].step : start + (start - (i > 1 ? epochs[i - 2].step : 0))
    return i + Math.min(1, (step - start) / Math.max(1, end - start))
  }

  of(cells, cell) {
    if (this.kind === "time") return cells.time[cell] / this.unit[0]
    const step = cells.step(cell)
    return this.kind === "step" ? step : this.epochAt(step, cells.epoch[cell])
  }

  ofRow(row) {
    const { main } = this.feed
    return main.count ? this.of(main, Math.min(main.count - 1, Math.floor((row - main.base) / main.width))) : 0
  }

  ofEpoch(row) {
    if (this.kind === "step") return row.step
    if (this.kind === "epoch") return this.epochAt(row.step, row.epoch)
    const { main } = this.feed
    if (!main.count) return NaN
    return main.time[Math.min(main.count - 1, search(main.count, (k) => main.step(k), row.step))] / this.unit[0]
  }

  now() {
    const { main } = this.feed
    return main.count ? this.of(main, main.count - 1) : 0
  }

  // Limits the zoom to half a step, or to the precision of numbers.
  zoom([from, to]) {
    const least = this.kind === "step" ? 0.5 : 1e-7 * Math.max(this.now(), 1e-6)
    const middle = (from + to) / 2
    this.zoomed = to - from >= least ? [from, to] : [middle - least / 2, middle + least / 2]
  }

  range() { return this.zoomed ?? this.held ?? this.latest() ?? this.whole() }

  // The range of the newest rows, if they are followed and there are more.
  latest() {
    const { main, total } = this.feed
    if (!this.chart.choices.follow || main.count < 2) return null
    const seconds = main.time[main.count - 1]
    const recent = total - main.step(search(main.count, (k) => main.time[k], seconds - FOLLOW_SECONDS))
    const least = Math.max(FOLLOW_ROWS, recent)
    const power = 10 ** Math.floor(Math.log10(least))
    const rows = power * [1, 2, 5, 10].find((k) => k * power >= least)
    if (total <= rows) return null
    const now = this.now()
    const first = search(main.count, (k) => main.step(k), total - rows)
    const start = this.of(main, Math.min(first, main.count - 1))
    const stride = Math.max(now - start, 1e-9) / 16
    const end = (Math.floor(now / stride) + 1.5) * stride
    return [end - stride * 17, end]
  }

  // From the start to a little ahead of the curve, so that axes are rarely redrawn.
  whole() {
    const now = this.now()
    const { isLive } = this.chart
    const { kept } = this
    if (kept && kept.isLive === isLive && now <= kept.end * 0.985 && now >= kept.end * (isLive ? 0.8 : 0.98)) return [0, kept.end]
    const least = this.kind === "step" ? 20 : 1
    const end = isLive ? Math.max(least, now * 1.15) : Math.max(now * 1.01, 1e-6) || least
    this.kept = { end: now ? end : least, isLive }
    return [0, this.kept.end]
  }
}
