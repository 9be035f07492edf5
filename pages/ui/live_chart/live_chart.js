// The live chart: a run's curves, drawn as the batches end.
//
//   Cells    the rows, thinned so that memory stays bounded
//   Feed     series once, then the socket; reconnects, loses and doubles nothing
//   Panel    one metric: Plotly draws axes and takes zooms, a canvas draws curves
//   Chart    panels, controls and the pace of drawing
//
// A redraw by Plotly costs some 10 to 20 ms a panel, a canvas about 1 ms. With
// several tabs open that is the difference between watching a run and slowing it.

import { ProgressView } from "./live_progress.js"

const CAPACITY = 262144 // cells of the whole history; when full, pairs are merged
const TAIL = 32768 // newest rows kept one by one; when full, the older half goes
const LOAD_BUCKETS = 8192
const MAX_BUCKETS = 1000 // a bucket is two points: at most 2,000 points a trace
const DRAW_INTERVAL = 30 // ms at least between two draws; how often rows come is the server's to say
const DRAW_SHARE = 4 // of the time, at most one part in this many goes into drawing
const FOLLOW_ROWS = 500
const FOLLOW_SECONDS = 20
const NARROW = 700 // px: panels are stacked below this
const MARGIN = { l: 62, r: 82, t: 8, b: 42 }
const VALIDATION = "#D55E00"
const COLOURS = { loss: "#0072B2", accuracy: "#009E73", grad_norm: "#CC79A7", learning_rate: "#56B4E9" }
const SPARE = ["#009E73", "#E69F00", "#56B4E9", "#CC79A7"]
const EXTRAS = [["grad_norm", "gradient norm"], ["learning_rate", "learning rate"]]

// ---------------------------------------------------------------- frames

// A message of server/frames.py -> its header, with `columns` as typed arrays.
function decodeFrame(buffer) {
  const kinds = { "<f4": Float32Array, "<f8": Float64Array, "<i4": Int32Array }
  let start = 4 + new DataView(buffer).getUint32(0, true)
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, start - 4)))
  const arrays = {}
  for (const [name, dtype, length] of header.arrays) {
    const kind = kinds[dtype]
    arrays[name] = new kind(buffer, start, length)
    start += Math.ceil((length * kind.BYTES_PER_ELEMENT) / 8) * 8
  }
  return { ...header, arrays }
}

// ---------------------------------------------------------------- smoothing

// The debiased exponential moving average; skips what is not finite, as the server does.
class Average {
  constructor(weight, [average, count, last, smooth] = [0, 0, null, null]) {
    this.weight = weight
    this.average = average
    this.power = weight ** count
    this.last = last ?? NaN
    this.smooth = smooth ?? NaN
  }

  push(value) {
    this.last = value
    if (!Number.isFinite(value)) return NaN
    this.average = this.weight * this.average + (1 - this.weight) * value
    this.power *= this.weight
    this.smooth = this.average / (1 - this.power)
    return this.smooth
  }
}

// ---------------------------------------------------------------- cells

const lesser = (a, b) => (a < b || b !== b ? a : b)
const greater = (a, b) => (a > b || b !== b ? a : b)

// Rows [base, base + rows) in cells of `width` rows: per column smallest and largest value,
// as measured (low, high) and smoothed (slow, shigh); time and epoch of a cell's last row.
class Cells {
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

  static load({ first, rows, width, columns, arrays }) {
    const cells = new Cells(columns, { base: first, width })
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

  // values and smoothed: {name: array}, of which rows [from, to) are added.
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

  // Groups of `group` cells, counted from the first: the smallest and largest value of each that is whole.
  // It never changes any more, so that a draw looks at no more than what came since the one before.
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

  // Smooths again from the values themselves; only where a cell is a row and the first is row 0.
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

  // The step a cell ends with: row i is step i + 1.
  step(cell) { return this.base + Math.min((cell + 1) * this.width, this.rows) }
}

// The first index in [0, count) where at(index) >= x, or count.
function search(count, at, x) {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >> 1
    if (at(middle) < x) low = middle + 1
    else high = middle
  }
  return low
}

// ---------------------------------------------------------------- feed

// What is known of one run, kept up to date. `on` is {rows, note, status}.
class Feed {
  constructor(data, smoothing, on) {
    Object.assign(this, { run: data.run, token: data.token, smoothing, on })
    this.closed = false
    this.attempt = 0
    this.turn = 0 // every load is a new turn; what an older turn brings is dropped
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
    this.liveFrom = Infinity // rows before this one were there when the socket opened
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
      const frame = await this.series({ buckets: LOAD_BUCKETS })
      if (turn !== this.turn || this.closed) return
      this.clear()
      this.main = Cells.load(frame)
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
    if (this.closed || turn !== this.turn) return
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
    if (first > this.total) return this.load() // a gap: cannot happen on one socket
    if (!this.main.names.length) {
      const names = Object.keys(arrays).filter((name) => name !== "time" && name !== "epoch")
      this.main = new Cells(names)
      this.tail = new Cells(names, { capacity: TAIL, keepsAll: false })
      for (const name of names) this.averages[name] = new Average(this.smoothing)
    }
    const from = this.total - first // rows that are here already are not added twice
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
      if (row.reloaded > 0) this.reloads.push(row) // went back to an earlier state
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

  // Fetches rows [lo, hi) finer than the cells at hand, once the view rests.
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
        const frame = await this.series({ lo, hi, buckets: 2 * MAX_BUCKETS }, abort.signal)
        if (turn !== this.turn || abort.signal.aborted || frame.generation !== this.generation) return
        this.detail = Cells.load(frame)
        this.detail.wanted = hi
        this.on.rows()
      } catch { /* the coarse cells stay on screen */ } finally { if (this.detailAbort === abort) this.wanted = null }
    }, 120)
  }

  retry(status, again) {
    if (status === 404) return this.on.note("This run is no longer here.")
    this.expired = status === 401
    if (this.expired) return this.on.note("This view has expired. Reload the page.")
    this.on.note("reconnecting…")
    const delay = Math.min(250 * 2 ** this.attempt++, 5000) * (0.75 + Math.random() / 4)
    clearTimeout(this.timer)
    this.timer = setTimeout(again, delay)
  }

  // A new token from the page opens again what an old one closed.
  setToken(token) {
    if (token === this.token) return
    this.token = token
    if (this.expired) { this.expired = false; this.load() }
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

// ---------------------------------------------------------------- text

function format(value) {
  if (!Number.isFinite(value)) return "–"
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) return value.toExponential(2)
  if (size !== 0 && size < 1e-2) return value.toPrecision(3)
  return size >= 100 ? value.toFixed(1) : value.toFixed(4)
}

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (name in node && typeof value !== "string") node[name] = value
    else node.setAttribute(name, value)
  }
  node.append(...children)
  return node
}

// ---------------------------------------------------------------- panel

class Panel {
  constructor(chart, column, label, colour) {
    Object.assign(this, { chart, column, label, colour })
    this.isReady = false
    this.ranges = null
    this.yZoom = null
    this.value = element("span", { class: "lc-value" })
    this.frame = element("div", { class: "lc-frame" })
    this.canvas = element("canvas", { class: "lc-canvas", "aria-hidden": "true" })
    this.empty = element("div", { class: "lc-empty" }, "The first batch will appear here.")
    this.tip = element("div", { class: "lc-tip", hidden: true })
    this.plot = element("div", { class: "lc-plot" }, this.frame, this.canvas, this.empty, this.tip)
    this.node = element("section", { class: "lc-panel", "aria-label": `${label} chart` },
      element("div", { class: "lc-title" }, element("strong", {}, label), this.value), this.plot)
    this.plot.onpointermove = (event) => chart.pointAt(this, event)
    this.plot.onpointerleave = () => chart.pointAt(null)
    this.buffers = [0, 1, 2].map(() => {
      const [x, low, high] = [0, 1, 2].map(() => new Float64Array(2 * MAX_BUCKETS + 16))
      return { x, low, high, n: 0, isBand: false }
    })
  }

  get inner() {
    return { w: Math.max(10, this.width - MARGIN.l - MARGIN.r), h: Math.max(10, this.chart.height - MARGIN.t - MARGIN.b) }
  }

  resize() {
    const width = this.plot.clientWidth
    if (!width || width === this.width) return false
    this.width = width
    this.fit()
    this.ranges = null
    return true
  }

  fit() {
    this.ratio = window.devicePixelRatio || 1
    this.canvas.width = Math.round(this.width * this.ratio)
    this.canvas.height = Math.round(this.chart.height * this.ratio)
  }

  // Draws axes where x and y go; only when they changed.
  axes(x, y) {
    const { chart } = this
    const key = [x, y, chart.choices.x, chart.choices.log, chart.theme.key, this.width].join()
    if (this.ranges === key) return
    this.ranges = key
    const Plotly = chart.Plotly
    const { text, grid, font } = chart.theme
    const axis = {
      color: text, gridcolor: grid, linecolor: grid, zeroline: false, showline: true, ticks: "",
      tickfont: { size: 11, family: font }, nticks: 6, fixedrange: false,
    }
    const title = (words) => ({ text: words, font: { size: 12, family: font }, standoff: 6 })
    const layout = {
      width: this.width, height: chart.height, margin: MARGIN, showlegend: false, hovermode: false, dragmode: "zoom",
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: text, family: font }, uirevision: "same",
      xaxis: { ...axis, range: x, title: title(chart.xTitle()), ...(chart.choices.x === "step" ? { tickformat: ",d" } : {}) },
      yaxis: { ...axis, range: y, title: title(`${this.label} (per batch)`), type: chart.choices.log ? "log" : "linear",
        exponentformat: "power", ...(chart.choices.log ? { tickformat: "~g", dtick: y[1] - y[0] < 2.5 ? "D2" : 1 } : {}) },
    }
    if (this.isReady) return void Plotly.react(this.frame, this.frame.data, layout)
    this.isReady = true
    const traces = [{ x: [], y: [], mode: "lines" }]
    Plotly.newPlot(this.frame, traces, layout, { displayModeBar: false, doubleClick: false, responsive: false, showTips: false })
    const zoomed = (event) => {
      const pick = (name) => {
        const a = event[`${name}.range[0]`]
        return a === undefined ? null : [Number(a), Number(event[`${name}.range[1]`])]
      }
      const [zx, zy] = [pick("xaxis"), pick("yaxis")]
      if (zy) this.yZoom = zy
      if (zx || zy) chart.zoom(zx)
    }
    this.frame.on("plotly_relayout", zoomed)
    this.frame.on("plotly_relayouting", zoomed)
    this.frame.on("plotly_doubleclick", () => chart.resetZoom())
  }

  // Builds the traces for x in [x0, x1] and returns the span of y in them.
  gather(x0, x1) {
    const { chart, column, buffers } = this
    const { feed } = chart
    const span = { low: Infinity, high: -Infinity }
    const isLog = chart.choices.log
    const widen = (y) => {
      if (!Number.isFinite(y) || (isLog && y <= 0)) return
      if (y < span.low) span.low = y
      if (y > span.high) span.high = y
    }
    const [raw, smooth, points] = buffers
    raw.n = smooth.n = points.n = 0
    raw.isBand = smooth.isBand = false
    const put = (buffer, x, low, high = low) => {
      if (low !== low || buffer.n >= buffer.x.length) return
      buffer.x[buffer.n] = x
      buffer.low[buffer.n] = low
      buffer.high[buffer.n++] = high
      if (low !== high) buffer.isBand = true
      widen(low)
      widen(high)
    }
    const pieces = chart.pieces(x0, x1)
    const rows = pieces.reduce((sum, piece) => sum + piece.cells.width * (piece.to - piece.from), 0)
    const buckets = Math.min(MAX_BUCKETS, Math.round(this.inner.w))
    for (const { cells, from, to } of pieces) {
      const parts = cells.columns[column]
      if (!parts) continue
      let group = 1
      while (rows / (cells.width * group) > buckets) group *= 2
      const origin = cells.base / cells.width // buckets are counted from row 0, so they stay where they are
      const known = group > 1 && cells.keepsAll && origin === 0 ? cells.groups(column, group) : null
      for (let i = from; i < to;) {
        const bucket = Math.floor((origin + i) / group)
        const end = Math.min(to, (bucket + 1) * group - origin)
        const x = chart.x(cells, end - 1)
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
    const total = feed.total
    const average = feed.averages[column]
    if (total && average && chart.xNow() <= x1) { // the newest value itself, whatever its bucket holds
      put(raw, chart.xNow(), average.last)
      put(smooth, chart.xNow(), average.smooth)
    }
    const name = `val_${column}`
    const epochs = feed.epochs
    const stride = Math.max(1, Math.ceil(epochs.length / MAX_BUCKETS))
    for (let i = (epochs.length - 1) % stride; i < epochs.length; i += stride) {
      if (epochs[i][name] === undefined) continue
      const x = chart.xOfEpoch(epochs[i])
      if (x >= x0 && x <= x1) put(points, x, epochs[i][name])
    }
    return span
  }

  // Leaves y where it is while the curves fit well, so that the axis does not tremble.
  yRange({ low, high }) {
    if (this.yZoom) return this.yZoom
    const isLog = this.chart.choices.log
    if (!(low <= high)) return isLog ? [-2, 0] : [0, 1]
    let [a, b] = isLog ? [Math.log10(low), Math.log10(high)] : [low, high]
    const key = `${isLog}`
    const kept = this.kept
    if (kept?.key === key && a >= kept.range[0] && b <= kept.range[1] && b - a > 0.7 * (kept.range[1] - kept.range[0])) return kept.range
    const isFlat = b - a <= 1e-6 * Math.max(Math.abs(a), Math.abs(b))
    const pad = isFlat ? 0.1 * Math.abs(a) || 1 : 0.08 * (b - a)
    const isShare = !isLog && a >= 0 && b <= 1
    const range = [!isLog && a >= 0 ? Math.max(0, a - pad) : a - pad, isShare ? Math.min(b + pad, 1.02) : b + pad]
    this.kept = { key, range }
    return range
  }

  draw(x0, x1, hover) {
    const { chart, buffers } = this
    const span = this.gather(x0, x1)
    const y = this.yRange(span)
    this.axes([x0, x1], y)
    const { w, h } = this.inner
    const isLog = chart.choices.log
    const px = (x) => MARGIN.l + ((x - x0) / (x1 - x0)) * w
    const py = (v) => MARGIN.t + h - (((isLog ? Math.log10(v) : v) - y[0]) / (y[1] - y[0])) * h
    const pen = this.canvas.getContext("2d")
    if (this.ratio !== (window.devicePixelRatio || 1)) this.fit()
    pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0)
    pen.clearRect(0, 0, this.width, chart.height)
    pen.save()
    pen.beginPath()
    pen.rect(MARGIN.l, MARGIN.t - 4, w + 4, h + 4)
    pen.clip()
    pen.lineJoin = "round"
    const ink = (style, alpha, width) => {
      pen.strokeStyle = pen.fillStyle = style
      pen.globalAlpha = alpha
      pen.lineWidth = width
    }
    const shows = (value) => !isLog || value > 0
    const line = ({ x, low, high, n }) => {
      pen.beginPath()
      for (let i = 0; i < n; i++) {
        const middle = (low[i] + high[i]) / 2
        if (shows(middle)) pen.lineTo(px(x[i]), py(middle))
      }
      pen.stroke()
    }
    // Both ends of every bucket: where the values went between two points of the line.
    const band = ({ x, low, high, n }) => {
      pen.beginPath()
      for (let i = 0; i < n; i++) if (shows(high[i])) pen.lineTo(px(x[i]), py(high[i]))
      for (let i = n - 1; i >= 0; i--) if (shows(high[i])) pen.lineTo(px(x[i]), shows(low[i]) ? py(low[i]) : MARGIN.t + h)
      pen.fill()
    }
    const [raw, smooth, points] = buffers
    const isSmoothed = chart.choices.smoothing > 0
    if (isSmoothed) {
      ink(this.colour, 0.25, 1)
      raw.isBand ? band(raw) : line(raw)
    }
    const bold = isSmoothed ? smooth : raw
    if (bold.isBand) {
      ink(this.colour, 0.4, 1)
      band(bold)
    }
    ink(this.colour, 1, isSmoothed ? 2 : 1.25)
    line(bold)
    ink(VALIDATION, 0.8, 1)
    line(points)
    ink(VALIDATION, 1, 1)
    // One path for all: a fill each would cost more than the curves.
    const dots = ({ x, low, n }, size) => {
      pen.beginPath()
      for (let i = 0; i < n; i++) {
        if (!shows(low[i])) continue
        if (n > 100) pen.rect(px(x[i]) - size, py(low[i]) - size, 2 * size, 2 * size)
        else { pen.moveTo(px(x[i]), py(low[i])); pen.arc(px(x[i]), py(low[i]), size, 0, 7) }
      }
      pen.fill()
    }
    dots(points, points.n > 100 ? 1.25 : 3)
    ink(chart.theme.text, 0.55, 1)
    pen.setLineDash([3, 4])
    pen.font = `11px ${chart.theme.font}`
    for (const row of chart.feed.reloads) {
      const x = chart.xOfEpoch(row)
      if (!(x >= x0 && x <= x1)) continue
      pen.beginPath()
      pen.moveTo(px(x), MARGIN.t)
      pen.lineTo(px(x), MARGIN.t + h)
      pen.stroke()
      pen.fillText("went back", px(x) + 3, MARGIN.t + 10)
    }
    pen.setLineDash([])
    ink(this.colour, 1, 1)
    if (raw.n === 1) dots(raw, 2.5) // one batch is no line yet
    if (hover !== null) {
      ink(chart.theme.text, 0.45, 1)
      pen.beginPath()
      pen.moveTo(px(hover), MARGIN.t)
      pen.lineTo(px(hover), MARGIN.t + h)
      pen.stroke()
    }
    pen.restore()
    this.labels(pen, px, py, bold, points, h)
    const average = chart.feed.averages[this.column]
    const last = points.n ? points.low[points.n - 1] : NaN
    const words = average && chart.feed.total
      ? `${format(average.smooth)}${Number.isFinite(last) ? ` · validation ${format(last)}` : ""}` : ""
    if (this.value.textContent !== words) this.value.textContent = words
    this.empty.hidden = raw.n + points.n > 0
    const missing = chart.feed.total > 0 && !(this.column in chart.feed.averages)
    this.empty.textContent = missing ? "This run does not measure this." : "The first batch will appear here."
  }

  // Names the curves at their ends; pushes two names apart rather than print one over the other.
  labels(pen, px, py, curve, points, h) {
    if (!curve.n) return
    const names = [["training", this.colour, curve]]
    if (points.n) names.push(["validation", VALIDATION, points])
    const x = Math.min(px(curve.x[curve.n - 1]) + 7, this.width - MARGIN.r + 8)
    const spots = names.map(([name, colour, { low, n }]) => ({ name, colour, y: py(low[n - 1]) }))
      .filter(({ y }) => y > MARGIN.t - 4 && y < MARGIN.t + h + 4) // not where a zoom left the end outside
    if (spots.length === 2) {
      const [a, b] = spots[0].y <= spots[1].y ? spots : [spots[1], spots[0]]
      const overlap = 14 - (b.y - a.y)
      if (overlap > 0) {
        a.y = Math.min(Math.max(a.y - overlap / 2, MARGIN.t + 4), MARGIN.t + h - 20) // both stay clear of the axis
        b.y = a.y + 14
      }
    }
    pen.font = `12px ${this.chart.theme.font}`
    pen.textBaseline = "middle"
    pen.lineJoin = "round"
    for (const { name, colour, y } of spots) {
      pen.fillStyle = colour
      pen.fillRect(x, y - 1, 8, 3)
      pen.lineWidth = 4
      pen.strokeStyle = this.chart.theme.paper
      pen.strokeText(name, x + 12, y)
      pen.fillStyle = this.chart.theme.text // the curves' own colours are too pale for small print
      pen.fillText(name, x + 12, y)
    }
  }

  showTip(x, lines) {
    this.tip.hidden = !lines
    if (!lines) return
    this.tip.replaceChildren(...lines.map((text) => element("div", {}, text)))
    const isRight = x > MARGIN.l + this.inner.w / 2
    this.tip.style.left = isRight ? "" : `${x + 12}px`
    this.tip.style.right = isRight ? `${this.width - x + 12}px` : ""
  }

  close() { if (this.isReady) this.chart.Plotly.purge(this.frame) }
}

// ---------------------------------------------------------------- chart

const STYLE = `
.live-chart { font-family: var(--st-font, sans-serif); font-size: 0.85rem; color: var(--st-text-color); font-variant-numeric: tabular-nums; }
.live-chart .lc-panels { display: grid; grid-template-columns: 1fr 1fr; gap: 0.5rem 1rem; }
.live-chart.lc-narrow .lc-panels { grid-template-columns: 1fr; }
.live-chart .lc-panel { min-width: 0; }
.live-chart .lc-title { display: flex; gap: 0.6rem; align-items: center; height: 1.5rem; white-space: nowrap; overflow: hidden; }
.live-chart .lc-value { opacity: 0.85; }
.live-chart .lc-plot { position: relative; overflow: hidden; touch-action: pan-y; }
.live-chart .lc-frame, .live-chart .lc-canvas { will-change: transform; } /* layers of their own: new curves do not repaint the axes */
.live-chart .lc-canvas { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; }
.live-chart .lc-value { contain: content; }
.live-chart .lc-empty { position: absolute; inset: 0; display: flex; align-items: center; justify-content: center; pointer-events: none; opacity: 0.8; }
.live-chart [hidden] { display: none !important; }
.live-chart .lc-tip { position: absolute; top: 14px; pointer-events: none; padding: 0.3rem 0.5rem; border-radius: var(--st-base-radius, 6px); font-size: 0.8rem; line-height: 1.35; white-space: nowrap;
  background: var(--st-secondary-background-color); border: 1px solid var(--st-border-color); color: var(--st-text-color); }
.live-chart .lc-controls { display: flex; flex-wrap: wrap; gap: 0.4rem 1.1rem; align-items: center; min-height: 2.2rem; margin-top: 0.25rem; }
.live-chart .lc-controls label { display: inline-flex; gap: 0.4rem; align-items: center; cursor: pointer; }
.live-chart input { accent-color: var(--st-primary-color); margin: 0; }
.live-chart input[type=range] { width: 9rem; }
.live-chart .lc-output { min-width: 3em; }
.live-chart .lc-group { display: inline-flex; border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius, 6px); overflow: hidden; }
.live-chart button { font: inherit; color: inherit; background: none; border: 0; padding: 0.15rem 0.6rem; cursor: pointer; }
.live-chart .lc-group button + button { border-left: 1px solid var(--st-border-color); }
.live-chart .lc-chips { display: inline-flex; gap: 0.4rem; }
.live-chart .lc-chip, .live-chart .lc-reset { border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius, 6px); }
.live-chart button[aria-pressed=true] { background: var(--st-secondary-background-color); color: var(--st-link-color); font-weight: 600; }
.live-chart button:focus-visible, .live-chart input:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 1px; }
.live-chart .lc-reset[data-idle] { visibility: hidden; }
.live-chart .lc-note { margin-left: auto; opacity: 0.85; min-width: 7rem; text-align: right; }
`

const REMEMBERED = "traindeck.live_chart"

class Chart {
  // changed: called with the run's status when it is no longer the page's.
  constructor(root, data, changed) {
    this.root = root
    this.data = data
    this.changed = changed
    this.height = data.height
    this.choices = { smoothing: 0.6, x: "step", log: false, follow: false, extras: [], ...this.remembered() }
    this.latencies = []
    this.panels = []
    this.zoomed = null
    this.hover = null
    this.nextDraw = 0
    root.replaceChildren(element("style", {}, STYLE))
    this.grid = element("div", { class: "lc-panels" })
    if (data.progress) this.progress = new ProgressView(data.figures)
    root.append(...(this.progress ? [this.progress.node] : []), this.grid, this.buildControls())
    this.readTheme()
    this.onVisible = () => { if (document.hidden) this.wasHidden = true; else this.schedule() }
    document.addEventListener("visibilitychange", this.onVisible)
    this.observer = new ResizeObserver(() => this.measure())
    this.observer.observe(root)
    this.open()
    this.loadPlotly()
  }

  // Plotly is a script that sets window.Plotly, whatever loads it.
  async loadPlotly() {
    try {
      if (!window.Plotly?.react) await import(new URL(this.data.plotly, document.baseURI))
      if (this.isClosed) return
      this.Plotly = window.Plotly
      this.schedule()
    } catch {
      this.note("The chart could not be loaded. Reload the page.")
    }
  }

  open() {
    this.feed?.close()
    this.status = this.data.status
    this.progress?.show(this.data.progress)
    this.zoomed = null
    this.xKept = null
    this.drawn = null
    this.latencies = []
    this.feed = new Feed(this.data, this.choices.smoothing, {
      rows: () => { this.publish(); this.schedule() },
      note: (words) => this.note(words),
      status: (status) => this.hearStatus(status),
      progress: (message) => this.progress?.show(message),
    })
    this.buildPanels()
    this.publish()
  }

  // The page's badge and buttons follow: it is asked to run again, once for each change.
  hearStatus(status) {
    this.status = status
    this.xKept = null
    this.schedule()
    if (status === this.data.status || status === this.told) return
    this.told = status
    this.changed(status)
  }

  update(data) {
    const before = this.data
    this.data = data
    this.told = null
    if (String(data.figures) !== String(before.figures)) this.progress?.setFigures(data.figures)
    if (data.run !== before.run) this.open()
    else {
      this.feed.setToken(data.token)
      if (data.status !== before.status) this.status = data.status
      this.progress?.show(data.progress)
      if (data.height !== before.height || String(data.panels) !== String(before.panels)) {
        this.height = data.height
        this.buildPanels()
      }
    }
    // The new theme's variables are in place one frame after the call.
    requestAnimationFrame(() => { this.readTheme(); this.schedule() })
  }

  publish() {
    window.traindeck = { run: this.data.run, lastStep: this.drawn ?? 0, points: this.feed.received, latencyMs: this.latencies }
  }

  // ---- controls

  remembered() {
    try {
      const kept = JSON.parse(localStorage.getItem(REMEMBERED) ?? "{}")
      const choices = {}
      if (kept.smoothing >= 0 && kept.smoothing <= 0.999) choices.smoothing = kept.smoothing
      if (["step", "epoch", "time"].includes(kept.x)) choices.x = kept.x
      for (const name of ["log", "follow"]) if (typeof kept[name] === "boolean") choices[name] = kept[name]
      if (Array.isArray(kept.extras)) choices.extras = kept.extras.filter((name) => typeof name === "string")
      return choices
    } catch { return {} }
  }

  choose(change) {
    Object.assign(this.choices, change)
    try { localStorage.setItem(REMEMBERED, JSON.stringify(this.choices)) } catch { /* private window */ }
    this.showChoices()
    this.schedule()
  }

  buildControls() {
    this.slider = element("input", { type: "range", min: "0", max: "0.999", step: "0.001", "aria-label": "smoothing" })
    this.output = element("span", { class: "lc-output" })
    this.slider.oninput = () => {
      const smoothing = Number(this.slider.value)
      this.choose({ smoothing })
      this.feed.setSmoothing(smoothing)
    }
    const button = (label, press, attributes = {}) => {
      const node = element("button", { type: "button", ...attributes }, label)
      node.onclick = press
      return node
    }
    this.axisButtons = ["step", "epoch", "time"].map((x) => button(x, () => {
      this.zoomed = this.xKept = null
      this.choose({ x })
    }, { "data-x": x }))
    const check = (label, name, press) => {
      const box = element("input", { type: "checkbox" })
      box.onchange = () => press(box.checked)
      this[`${name}Box`] = box
      return element("label", {}, box, label)
    }
    this.chips = element("span", { class: "lc-chips", role: "group", "aria-label": "more panels" })
    this.reset = button("reset zoom", () => this.resetZoom(), { class: "lc-reset", "data-idle": "" })
    this.noteNode = element("span", { class: "lc-note", role: "status", "aria-live": "polite" })
    const controls = element("div", { class: "lc-controls" },
      element("label", {}, "smoothing", this.slider, this.output),
      element("span", { class: "lc-group", role: "group", "aria-label": "x axis" }, ...this.axisButtons),
      check("log y", "log", (log) => { for (const panel of this.panels) panel.yZoom = null; this.choose({ log }) }),
      check("follow latest", "follow", (follow) => { this.resetZoom(false); this.choose({ follow }) }),
      this.chips, this.reset, this.noteNode)
    this.button = button
    this.showChoices()
    return controls
  }

  showChoices() {
    const { smoothing, x, log, follow } = this.choices
    if (Number(this.slider.value) !== smoothing) this.slider.value = smoothing
    this.output.textContent = smoothing.toFixed(3)
    for (const node of this.axisButtons) node.setAttribute("aria-pressed", String(node.dataset.x === x))
    this.logBox.checked = log
    this.followBox.checked = follow
    for (const node of this.chips.children) node.setAttribute("aria-pressed", String(this.choices.extras.includes(node.dataset.column)))
  }

  note(words) { if (this.noteNode.textContent !== words) this.noteNode.textContent = words }

  buildPanels() {
    for (const panel of this.panels) panel.close()
    const [shown, more] = [this.data.panels.slice(0, 2), this.data.panels.slice(2)]
    const extras = [...more, ...EXTRAS.filter(([column]) => !this.data.panels.some(([name]) => name === column))]
    const open = extras.filter(([column]) => this.choices.extras.includes(column))
    this.panels = [...shown, ...open].map(([column, label], i) =>
      new Panel(this, column, label, COLOURS[column] ?? (column.endsWith("loss") ? COLOURS.loss : SPARE[i % SPARE.length])))
    for (const panel of this.panels) panel.plot.style.height = `${this.height}px`
    this.grid.replaceChildren(...this.panels.map((panel) => panel.node))
    this.chips.replaceChildren(...extras.map(([column, label]) => this.button(label, () => {
      const kept = this.choices.extras
      this.choose({ extras: kept.includes(column) ? kept.filter((name) => name !== column) : [...kept, column] })
      this.buildPanels()
    }, { class: "lc-chip", "data-column": column })))
    this.showChoices()
    this.measure()
  }

  // ---- size and theme

  measure() {
    this.root.classList.toggle("lc-narrow", this.root.clientWidth < NARROW)
    for (const panel of this.panels) panel.resize()
    this.schedule()
  }

  readTheme() {
    const style = getComputedStyle(this.root)
    const read = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise
    const text = read("--st-text-color", "#1B1F23")
    const paper = read("--st-background-color", "#FBFBF9")
    const probe = document.createElement("canvas").getContext("2d")
    probe.fillStyle = paper
    const isDark = parseInt(probe.fillStyle.slice(1, 3), 16) < 128
    const grid = isDark ? "rgba(255,255,255,0.10)" : "rgba(0,0,0,0.09)"
    const font = read("--st-font", "sans-serif")
    this.theme = { text, paper, grid, font, key: text + paper + font }
  }

  // ---- x axis

  xTitle() {
    const { x } = this.choices
    return x === "time" ? `training time (${this.timeUnit()[1]})` : x
  }

  timeUnit() {
    const { main } = this.feed
    const seconds = main.count ? main.time[main.count - 1] : 0
    return seconds > 2 * 3600 ? [3600, "h"] : seconds > 300 ? [60, "min"] : [1, "s"]
  }

  // Epochs finished at a step, with the fraction of the present one.
  epochAt(step, epoch) {
    const length = this.data.steps_per_epoch
    if (length) return step / length
    const { epochs } = this.feed
    if (!epochs.length) return Math.max(0, epoch - 1)
    const i = search(epochs.length, (k) => epochs[k].step, step)
    const start = i ? epochs[i - 1].step : 0
    const end = i < epochs.length ? epochs[i].step : start + (start - (i > 1 ? epochs[i - 2].step : 0))
    return i + Math.min(1, (step - start) / Math.max(1, end - start))
  }

  x(cells, cell) {
    if (this.choices.x === "time") return cells.time[cell] / this.unit
    const step = cells.step(cell)
    return this.choices.x === "step" ? step : this.epochAt(step, cells.epoch[cell])
  }

  xOfEpoch(row) {
    if (this.choices.x === "step") return row.step
    if (this.choices.x === "epoch") return this.epochAt(row.step, row.epoch)
    const { main } = this.feed
    if (!main.count) return NaN
    return main.time[Math.min(main.count - 1, search(main.count, (k) => main.step(k), row.step))] / this.unit
  }

  xNow() {
    const { main } = this.feed
    return main.count ? this.x(main, main.count - 1) : 0
  }

  // The range of x on screen; it runs a little ahead of the curve, so that axes are redrawn seldom.
  xRange() {
    if (this.zoomed) return this.zoomed
    const { main } = this.feed
    const now = this.xNow()
    if (this.choices.follow && main.count > 1) {
      const seconds = main.time[main.count - 1]
      const recent = this.feed.total - main.step(search(main.count, (k) => main.time[k], seconds - FOLLOW_SECONDS))
      const power = 10 ** Math.floor(Math.log10(Math.max(FOLLOW_ROWS, recent)))
      const rows = power * [1, 2, 5, 10].find((k) => k * power >= Math.max(FOLLOW_ROWS, recent))
      const first = search(main.count, (k) => main.step(k), this.feed.total - rows)
      const start = this.x(main, Math.min(first, main.count - 1))
      const stride = Math.max(now - start, 1e-9) / 16
      const end = (Math.floor(now / stride) + 1.5) * stride
      if (this.feed.total > rows) return [end - stride * 17, end]
    }
    const isLive = this.status === "running" || this.status === "queued"
    const kept = this.xKept
    if (kept && kept.live === isLive && now <= kept.end * 0.985 && now >= kept.end * (isLive ? 0.8 : 0.98)) return [0, kept.end]
    const least = this.choices.x === "step" ? 20 : this.choices.x === "epoch" ? 1 : 1
    const end = isLive ? Math.max(least, now * 1.15) : Math.max(now * 1.01, 1e-6) || least
    this.xKept = { end: now ? end : least, live: isLive }
    return [0, this.xKept.end]
  }

  zoom(x) {
    if (x) this.zoomed = x
    delete this.reset.dataset.idle
    this.schedule()
  }

  resetZoom(draws = true) {
    this.zoomed = this.xKept = null
    for (const panel of this.panels) panel.yZoom = panel.ranges = null
    this.reset.dataset.idle = ""
    if (draws) this.schedule()
  }

  // Which cells to draw for x in [x0, x1]: the finest at hand, [{cells, from, to}].
  pieces(x0, x1) {
    const { main, tail, detail } = this.feed
    const part = (cells, after = 0) => {
      const at = (k) => this.x(cells, k)
      const start = after ? search(cells.count, (k) => cells.step(k), after + 1) : 0
      const from = Math.max(start, search(cells.count, at, x0) - 1) // one beyond each edge: the line leaves the frame
      return { cells, from: Math.max(0, from), to: Math.min(cells.count, search(cells.count, at, x1) + 1) }
    }
    const coarse = part(main)
    if (main.width === 1 || coarse.to <= coarse.from) return [coarse]
    const lo = main.base + coarse.from * main.width
    const hi = Math.min(main.end, main.base + coarse.to * main.width)
    if (tail.rows && tail.base <= lo) return [part(tail)]
    if (coarse.to - coarse.from < MAX_BUCKETS) this.feed.wantDetail(lo, hi)
    if (!detail || detail.width >= main.width || detail.base > lo + main.width || detail.end <= lo) return [coarse]
    const rest = tail.rows && tail.base <= detail.end ? tail : main
    const pieces = [part(detail), part(rest, detail.end)]
    return pieces.filter(({ from, to }) => to > from)
  }

  // ---- hover

  pointAt(panel, event) {
    if (!panel || !this.range) this.hover = null
    else {
      const box = panel.plot.getBoundingClientRect()
      const share = (event.clientX - box.left - MARGIN.l) / panel.inner.w
      this.hover = share < 0 || share > 1 ? null : this.range[0] + share * (this.range[1] - this.range[0])
    }
    this.schedule()
  }

  // The values nearest to the pointer, for every panel.
  tips() {
    if (this.hover === null || !this.feed.total) return this.panels.forEach((panel) => panel.showTip(0, null)), null
    const pieces = this.pieces(...this.range).filter(({ from, to }) => to > from)
    if (!pieces.length) return this.panels.forEach((panel) => panel.showTip(0, null)), null
    const { cells, from, to } = pieces.find((piece) => this.x(piece.cells, piece.to - 1) >= this.hover) ?? pieces.at(-1)
    let cell = Math.min(to - 1, Math.max(from, search(cells.count, (k) => this.x(cells, k), this.hover)))
    if (cell > from && this.hover - this.x(cells, cell - 1) < this.x(cells, cell) - this.hover) cell--
    const at = this.x(cells, cell)
    const last = cells.step(cell)
    const first = cells.base + cell * cells.width + 1
    const step = first < last ? `steps ${first.toLocaleString("en")}–${last.toLocaleString("en")}` : `step ${last.toLocaleString("en")}`
    const epoch = cells.epoch[cell] ? ` · epoch ${cells.epoch[cell]}` : ""
    for (const panel of this.panels) {
      const parts = cells.columns[panel.column]
      if (!parts) { panel.showTip(0, null); continue }
      const [low, high] = [parts.low[cell], parts.high[cell]]
      const lines = [step + epoch, `${panel.label} ${format(low)}${low < high ? ` to ${format(high)}` : ""}`]
      if (this.choices.smoothing > 0) lines.push(`smoothed ${format(parts.shigh[cell])}`)
      const { epochs } = this.feed
      const row = epochs[search(epochs.length, (k) => epochs[k].step, last + 1) - 1]
      const value = row?.[`val_${panel.column}`]
      if (value !== undefined) lines.push(`validation ${format(value)} (epoch ${row.epoch})`)
      const [x0, x1] = this.range
      panel.showTip(MARGIN.l + ((at - x0) / (x1 - x0)) * panel.inner.w, lines)
    }
    return at
  }

  // ---- drawing

  schedule() {
    if (this.isScheduled || this.isClosed || document.hidden) return
    this.isScheduled = true
    const wait = this.nextDraw - performance.now()
    const frame = () => requestAnimationFrame(() => this.draw())
    if (wait > 4) setTimeout(frame, wait)
    else frame()
  }

  draw() {
    this.isScheduled = false
    if (this.isClosed || !this.Plotly || !this.root.isConnected) return
    const started = performance.now()
    this.unit = this.timeUnit()[0]
    this.range = this.xRange()
    const hover = this.tips()
    for (const panel of this.panels) if (panel.width || panel.resize()) panel.draw(...this.range, hover)
    this.clock()
    const cost = performance.now() - started
    this.cost = cost
    this.nextDraw = started + Math.max(DRAW_INTERVAL, DRAW_SHARE * cost)
    this.publish()
  }

  // Notes how old the batches drawn just now are: up to ten of them, the first and the last among them.
  clock() {
    const { feed } = this
    const { tail, total } = feed
    const from = Math.max(this.drawn ?? total, feed.liveFrom, tail.base)
    const wasHidden = this.wasHidden
    this.wasHidden = false
    if (total > from && !wasHidden) {
      const count = Math.min(10, total - from)
      const now = Date.now()
      for (let i = 0; i < count; i++) {
        const row = count === 1 ? total - 1 : Math.round(from + ((total - 1 - from) * i) / (count - 1))
        this.latencies.push(now - 1000 * (tail.time[row - tail.base] + feed.wallOffset))
      }
      if (this.latencies.length > 200) this.latencies = this.latencies.slice(-200)
    }
    this.drawn = total
  }

  close() {
    this.isClosed = true
    this.feed.close()
    this.observer.disconnect()
    document.removeEventListener("visibilitychange", this.onVisible)
    for (const panel of this.panels) panel.close()
  }
}

export function mount(root, data, changed = () => {}) {
  return new Chart(root, data, changed)
}
