// The axes of a panel. Plotly draws them only when they change: a redraw takes 10 to 20 ms.

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
    const key = [x, y, choices.x, chart.x.title(), choices.log, theme.key, panel.width, this.right].join()
    if (this.key === key) return
    this.key = key
    const yTicks = choices.log ? logTicks(...y) : linearTicks(...y)
    this.fit(yTicks.ticktext, theme.font)
    const count = Math.min(6, Math.max(2, Math.floor(panel.inner.w / 70)))
    const axis = {
      color: theme.text, gridcolor: theme.grid, linecolor: theme.grid, zeroline: false, showline: true, ticks: "",
      tickfont: { size: TICK_FONT, family: theme.font }, tickmode: "array", fixedrange: true, // gestures.js handles zooming
    }
    const title = { text: chart.x.title(), font: { size: 12, family: theme.font }, standoff: 6 }
    const layout = {
      width: panel.width, height: chart.height, margin: { l: this.left, r: this.right, t: TOP, b: BOTTOM },
      showlegend: false, hovermode: false, dragmode: false,
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: theme.text, family: theme.font },
      xaxis: { ...axis, ...linearTicks(...x, { count, isWhole: choices.x === "step" }), range: x, title },
      yaxis: { ...axis, ...yTicks, range: y, type: choices.log ? "log" : "linear" },
    }
    if (this.isReady) return void Plotly.react(panel.frame, panel.frame.data, layout)
    this.isReady = true
    Plotly.newPlot(panel.frame, [{ x: [], y: [], mode: "lines" }], layout,
      { displayModeBar: false, doubleClick: false, responsive: false, showTips: false })
  }

  close() { if (this.isReady) this.panel.chart.Plotly.purge(this.panel.frame) }
}
