// The axes of a panel. Plotly draws only what has changed of them: all of it takes 10 to 20 ms.

import { linearTicks, logTicks } from "./ticks.js"

export const TOP = 8
const BOTTOM = 40
const RIGHT = 12 // px, unless labels need more
const TICK_FONT = 11

export class Axes {
  constructor(panel) {
    Object.assign(this, { panel, key: null, isReady: false, left: 32, right: RIGHT })
  }

  // Size of the plot area in pixels.
  size(width, height) {
    return { w: Math.max(10, width - this.left - this.right), h: Math.max(10, height - TOP - BOTTOM) }
  }

  // Makes just enough room for the tick labels. The room only grows, so that the curves do not jump.
  fit(labels, font) {
    const pen = this.panel.canvas.getContext("2d")
    pen.font = `${TICK_FONT}px ${font}`
    const widest = Math.max(0, ...labels.map((label) => pen.measureText(label).width))
    this.left = Math.max(this.left, 8 * Math.ceil((widest + 10) / 8))
  }

  forget() {
    this.key = null
    this.left = 32
  }

  // x, y: ranges; y in powers of ten on a logarithmic axis.
  draw(x, y) {
    const { panel } = this
    const { chart } = panel
    const { choices, theme, Plotly } = chart
    const yTicks = choices.log ? logTicks(...y) : linearTicks(...y)
    this.fit(yTicks.ticktext, theme.font)
    const count = Math.min(6, Math.max(2, Math.floor(panel.inner.w / 70)))
    const xTicks = linearTicks(...x, { count, isWhole: choices.x === "step" })
    const key = [choices.x, chart.x.title(), choices.log, theme.key, panel.width, chart.height, this.left, this.right].join()
    if (this.isReady && this.key === key) return this.move({ xaxis: { range: x, ...xTicks }, yaxis: { range: y, ...yTicks } })
    this.key = key
    const axis = {
      color: theme.text, gridcolor: theme.grid, linecolor: theme.grid, zeroline: false, showline: true, ticks: "",
      tickfont: { size: TICK_FONT, family: theme.font }, tickmode: "array", fixedrange: true, // gestures.js handles zooming
    }
    const title = { text: chart.x.title(), font: { size: 12, family: theme.font }, standoff: 6 }
    const layout = {
      width: panel.width, height: chart.height, margin: { l: this.left, r: this.right, t: TOP, b: BOTTOM },
      showlegend: false, hovermode: false, dragmode: false,
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: theme.text, family: theme.font },
      xaxis: { ...axis, ...xTicks, range: [...x], title },
      yaxis: { ...axis, ...yTicks, range: [...y], type: choices.log ? "log" : "linear" },
    }
    this.shown = { "xaxis.range": x, "xaxis.ticktext": xTicks.ticktext, "yaxis.range": y, "yaxis.ticktext": yTicks.ticktext }
    for (const [name, value] of Object.entries(this.shown)) this.shown[name] = String(value)
    if (this.isReady) return void Plotly.react(panel.frame, panel.frame.data, layout)
    this.isReady = true
    Plotly.newPlot(panel.frame, [{ x: [], y: [], mode: "lines" }], layout,
      { displayModeBar: false, doubleClick: false, responsive: false, showTips: false })
  }

  // Changes only what differs: a range takes 1 ms, ticks 5 ms, a whole layout 10 ms.
  move(axes) {
    const changes = {}
    for (const [axis, { range, tickvals, ticktext }] of Object.entries(axes)) {
      if (this.differs(`${axis}.range`, range)) changes[`${axis}.range`] = [...range]
      if (this.differs(`${axis}.ticktext`, ticktext)) Object.assign(changes, { [`${axis}.tickvals`]: tickvals, [`${axis}.ticktext`]: ticktext })
    }
    if (Object.keys(changes).length) this.panel.chart.Plotly.relayout(this.panel.frame, changes)
  }

  differs(name, value) {
    const text = String(value)
    if (this.shown[name] === text) return false
    this.shown[name] = text
    return true
  }

  close() { if (this.isReady) this.panel.chart.Plotly.purge(this.panel.frame) }
}
