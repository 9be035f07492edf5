// One run of a comparison: its rows, its colour and its part of the shared axis.

import { Feed } from "../rows/feed.js"
import { XAxis } from "../panel/x_axis.js"

const ENDED = ["completed", "stopped", "failed", "interrupted"]
const LINGER = 10_000 // ms that the socket of a run that has just ended stays open: the run may be deleted or resumed
const BUCKETS = 2000 // cells to load; a zoom loads finer ones
const CAPACITY = 32768 // cells to keep

export class RunLine {
  // data: {run, name, colour, token, status, steps_per_epoch}.
  constructor(chart, data) {
    Object.assign(this, { chart, data, status: data.status, isShown: true, isDeleted: false, version: 0 })
    this.x = new XAxis(this)
    this.feed = new Feed(data, chart.choices.smoothing, {
      rows: () => { this.version++; chart.rowsChanged() },
      note: (text) => chart.note(this, text),
      deleted: () => this.markDeleted(),
      status: (status) => this.updateStatus(status),
      progress: () => {},
    }, { isWatched: !this.hasEnded, buckets: BUCKETS, capacity: CAPACITY })
  }

  // What XAxis and Traces read of a chart.
  get choices() { return this.chart.choices }
  get isLive() { return this.status === "running" || this.status === "queued" }

  get hasEnded() { return ENDED.includes(this.status) }
  get colour() { return /^#[0-9a-f]{6}$/i.test(this.data.colour) ? this.data.colour : this.chart.theme.text }
  get label() { return this.data.name + (this.isDeleted ? " (deleted)" : "") }

  update(data) {
    this.data = data
    this.feed.setToken(data.token)
    if (ENDED.includes(data.status) || this.isDeleted) return // the socket says so after the last row
    clearTimeout(this.lingering)
    this.feed.setWatched(true)
  }

  updateStatus(status) {
    this.status = status
    clearTimeout(this.lingering)
    if (this.hasEnded) this.lingering = setTimeout(() => this.feed.setWatched(false), LINGER)
    this.chart.statusChanged(this)
  }

  markDeleted() {
    this.isDeleted = true
    this.status = "stopped"
    this.chart.note(this, "")
    this.chart.rowsChanged()
  }

  close() {
    clearTimeout(this.lingering)
    this.feed.close()
  }
}
