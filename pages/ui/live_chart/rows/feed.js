// Loads the rows of one run: the series once, then the socket. Reconnects without losing or repeating rows.

import { CAPACITY, Cells } from "./cells.js"
import { decodeFrame } from "./frames.js"
import { Average } from "./smoothing.js"

const TAIL = 32768 // newest rows, one by one; when full, the older half is dropped
const LOAD_BUCKETS = 8192
const DETAIL_BUCKETS = 2000

// The rows of one run, kept up to date. on: callbacks {rows, note, deleted, status, progress}.
//   isWatched: whether to follow the socket; a run that has ended is only loaded.
//   buckets, capacity: cells to load, and to keep of the whole history.
export class Feed {
  constructor(data, smoothing, on, { isWatched = true, buckets = LOAD_BUCKETS, capacity = CAPACITY } = {}) {
    Object.assign(this, { run: data.run, token: data.token, smoothing, on, isWatched, buckets, capacity })
    this.closed = false
    this.attempt = 0
    this.turn = 0 // every load is a new turn; answers to an older turn are dropped
    this.received = 0
    this.clear()
    this.load()
  }

  clear() {
    this.main = new Cells([])
    this.tail = new Cells([], { capacity: TAIL, keepsAll: false })
    this.detail = null
    this.averages = {}
    this.epochs = []
    this.reloads = []
    this.epochCount = 0
    this.generation = null
    this.liveFrom = Infinity // earlier rows existed when the socket opened
    this.wallOffset = 0
  }

  get total() { return this.main.end }

  address(what, query) {
    const url = new URL(`/api/runs/${encodeURIComponent(this.run)}/${what}`, document.baseURI)
    for (const [name, value] of Object.entries({ ...query, token: this.token })) url.searchParams.set(name, value)
    return url
  }

  async series(query, signal) {
    const response = await fetch(this.address("series", { ...query, smoothing: this.smoothing }), { signal })
    if (!response.ok) throw Object.assign(new Error("refused"), { status: response.status })
    return decodeFrame(await response.arrayBuffer())
  }

  async load() {
    const turn = ++this.turn
    clearTimeout(this.timer)
    this.hangUp()
    try {
      const frame = await this.series({ buckets: this.buckets })
      if (turn !== this.turn || this.closed) return
      this.clear()
      this.main = Cells.load(frame, this.capacity)
      this.tail = new Cells(frame.columns, { base: this.total, capacity: TAIL, keepsAll: false })
      for (const name of frame.columns) this.averages[name] = new Average(this.smoothing, frame.carry[name])
      this.generation = frame.generation
      this.wallOffset = frame.wall_offset
      this.received = this.total
      this.addEpochs({ first: 0, arrays: Object.fromEntries(
        Object.entries(frame.arrays).filter(([name]) => name.startsWith("epochs/")).map(([name, array]) => [name.slice(7), array])) })
      this.epochCount = frame.epochs
      this.on.rows()
      this.connect(turn)
    } catch (error) {
      if (turn === this.turn && !this.closed) this.retry(error.status, () => this.load())
    }
  }

  connect(turn = this.turn) {
    if (this.closed || !this.isWatched || turn !== this.turn) return
    const url = this.address("live", { from: this.total, epochs: this.epochCount, generation: this.generation })
    url.protocol = url.protocol.replace("http", "ws")
    const socket = (this.socket = new WebSocket(url))
    socket.binaryType = "arraybuffer"
    const isMine = () => this.socket === socket && turn === this.turn && !this.closed
    socket.onmessage = ({ data }) => {
      if (!isMine()) return
      if (typeof data === "string") this.hear(JSON.parse(data))
      else this.take(decodeFrame(data))
    }
    socket.onclose = ({ code }) => {
      if (!isMine()) return
      this.liveFrom = Infinity
      this.retry(code > 4000 ? code - 4000 : undefined, () => this.connect(turn))
    }
  }

  hear(message) {
    if (message.type === "hello") {
      this.attempt = 0
      this.liveFrom = message.rows
      this.on.note("")
    } else if (message.type === "reset") this.load()
    else if (message.type === "token") this.token = message.token
    else if (message.type === "status") this.on.status(message.status)
    else if (message.type === "progress") this.on.progress(message)
  }

  take(frame) {
    if (frame.generation !== this.generation) return this.load()
    this.wallOffset = frame.wall_offset
    if (frame.table === "epochs") this.addEpochs(frame)
    else this.addRows(frame)
    this.on.rows()
  }

  addRows({ first, rows, arrays }) {
    if (first > this.total) return this.load() // a gap; impossible on one socket
    if (!this.main.names.length) {
      const names = Object.keys(arrays).filter((name) => name !== "time" && name !== "epoch")
      this.main = new Cells(names, { capacity: this.capacity })
      this.tail = new Cells(names, { capacity: TAIL, keepsAll: false })
      for (const name of names) this.averages[name] = new Average(this.smoothing)
    }
    const from = this.total - first // rows that are already here are not added again
    if (from >= rows) return
    const smoothed = {}
    for (const name of this.main.names) {
      const values = arrays[name] ?? new Float32Array(rows).fill(NaN)
      arrays[name] = values
      smoothed[name] = new Float32Array(rows)
      for (let i = from; i < rows; i++) smoothed[name][i] = this.averages[name].push(values[i])
    }
    this.main.append(arrays, smoothed, arrays.time, arrays.epoch, from, rows)
    this.tail.append(arrays, smoothed, arrays.time, arrays.epoch, from, rows)
    this.received += rows - from
  }

  addEpochs({ first, arrays }) {
    const names = Object.keys(arrays)
    if (!names.length) return
    for (let i = 0; i < arrays[names[0]].length; i++) {
      if (first + i < this.epochCount) continue
      const row = Object.fromEntries(names.map((name) => [name, arrays[name][i]]))
      this.epochs.push(row)
      if (row.reloaded > 0) this.reloads.push(row) // training returned to an earlier state
      this.epochCount = first + i + 1
    }
  }

  setSmoothing(weight) {
    if (weight === this.smoothing) return
    this.smoothing = weight
    this.detail = null
    if (this.main.width === 1 && this.main.base === 0) {
      this.averages = this.main.resmooth(weight)
      const { base, rows } = this.tail
      for (const name of this.tail.names)
        for (const part of ["slow", "shigh"])
          this.tail.columns[name][part].set(this.main.columns[name][part].subarray(base, base + rows))
      this.on.rows()
    } else {
      clearTimeout(this.smoothTimer)
      this.smoothTimer = setTimeout(() => !this.closed && this.load(), 150)
    }
  }

  // Fetches rows [lo, hi) at a finer resolution, once the view stops moving.
  wantDetail(lo, hi) {
    const slack = (hi - lo) / 20
    const { detail } = this
    if (detail && detail.base <= lo + slack && detail.wanted >= hi - slack && detail.wanted - detail.base < 3 * (hi - lo)) return
    if (this.wanted && this.wanted.lo === lo && this.wanted.hi === hi) return
    this.wanted = { lo, hi }
    this.detailAbort?.abort()
    const abort = (this.detailAbort = new AbortController())
    const turn = this.turn
    setTimeout(async () => {
      if (abort.signal.aborted || this.closed) return
      try {
        const frame = await this.series({ lo, hi, buckets: DETAIL_BUCKETS }, abort.signal)
        if (turn !== this.turn || abort.signal.aborted || frame.generation !== this.generation) return
        this.detail = Cells.load(frame)
        this.detail.wanted = hi
        this.on.rows()
      } catch { /* keep the coarse cells */ } finally { if (this.detailAbort === abort) this.wanted = null }
    }, 120)
  }

  retry(status, again) {
    if (status === 404) return this.on.deleted()
    this.expired = status === 401
    if (this.expired) return this.on.note("This view has expired. Reload the page.")
    this.on.note("Reconnecting…")
    const delay = Math.min(250 * 2 ** this.attempt++, 5000) * (0.75 + Math.random() / 4)
    clearTimeout(this.timer)
    this.timer = setTimeout(again, delay)
  }

  // A new token from the page reopens a view whose token has expired.
  setToken(token) {
    if (token === this.token) return
    this.token = token
    if (this.expired) { this.expired = false; this.load() }
  }

  // Opens or closes the socket.
  setWatched(isWatched) {
    if (isWatched === this.isWatched) return
    this.isWatched = isWatched
    if (!isWatched) this.hangUp()
    else if (this.generation !== null) this.connect()
  }

  hangUp() {
    const socket = this.socket
    this.socket = null
    socket?.close()
  }

  close() {
    this.closed = true
    clearTimeout(this.timer)
    clearTimeout(this.smoothTimer)
    this.detailAbort?.abort()
    this.hangUp()
  }
}
