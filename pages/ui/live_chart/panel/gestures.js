// Turns drags, wheel and double click on a panel into ranges.
//
// A drag over the curves or along an axis zooms to the dragged range. With Shift, with the middle button or in pan
// mode, it moves the view. The wheel zooms at the pointer. During a drag, new rows do not change the ranges.

import { TOP } from "./axes.js"

const LEAST = 6 // px: a shorter drag is a click
const STRAIGHT = 12 // px: a drag that strays less zooms only one axis
const SCROLL_REST = 300 // ms after scrolling in which the wheel still scrolls the page

let scrolledAt = -Infinity
window.addEventListener("scroll", () => { scrolledAt = performance.now() }, { capture: true, passive: true })

const between = ([from, to], share) => from + share * (to - from)
const limit = (value, low, high) => Math.min(Math.max(value, low), high)

export class Gestures {
  constructor(panel) {
    this.panel = panel
    this.drag = null
    const { plot } = panel
    plot.addEventListener("pointerdown", (event) => this.begin(event))
    plot.addEventListener("pointermove", (event) => this.drag && this.move(event))
    plot.addEventListener("pointerup", (event) => this.drag && this.end(event))
    plot.addEventListener("pointercancel", () => this.cancel())
    plot.addEventListener("wheel", (event) => this.wheel(event), { passive: false })
    plot.addEventListener("dblclick", () => panel.chart.resetZoom())
    plot.addEventListener("mousedown", (event) => event.button === 1 && event.preventDefault()) // the middle button must not scroll
  }

  // Pixels from the left and top of the plot area, and the part of the panel.
  locate(event) {
    const { panel } = this
    const box = panel.plot.getBoundingClientRect()
    const [x, y] = [event.clientX - box.left - panel.axes.left, event.clientY - box.top - TOP]
    return { x, y, part: x < 0 ? "y" : y > panel.inner.h ? "x" : "both" }
  }

  begin(event) {
    const { panel } = this
    const { chart } = panel
    if (event.button > 1 || this.drag || !chart.range || !panel.y) return
    const start = this.locate(event)
    const pans = chart.choices.drag === "pan" || event.shiftKey || event.button === 1
    this.drag = { ...start, pans, x0: chart.range, y0: panel.y }
    panel.plot.setPointerCapture(event.pointerId)
    chart.hold()
  }

  move(event) {
    const { drag, panel } = this
    const { w, h } = panel.inner
    const { x, y } = this.locate(event)
    if (drag.pans) {
      const [right, down] = [(x - drag.x) / w, (y - drag.y) / h]
      if (drag.part !== "y") panel.chart.zoom([0, 1].map((edge) => between(drag.x0, edge - right)))
      if (drag.part === "y" || (drag.part === "both" && Math.abs(y - drag.y) > STRAIGHT))
        panel.zoom([0, 1].map((edge) => between(drag.y0, edge + down)))
      return
    }
    drag.box = this.box(x, y)
    panel.showBox(drag.box)
  }

  // The dragged rectangle within the plot area: {x: [from, to] | null, y: [from, to] | null}.
  box(x, y) {
    const { drag, panel } = this
    const { w, h } = panel.inner
    const span = (from, to, size) => [Math.min(from, to), Math.max(from, to)].map((value) => limit(value, 0, size))
    const [wide, tall] = [span(drag.x, x, w), span(drag.y, y, h)]
    const [dx, dy] = [wide[1] - wide[0], tall[1] - tall[0]]
    if (drag.part === "x") return { x: dx >= LEAST ? wide : null, y: null }
    if (drag.part === "y") return { x: null, y: dy >= LEAST ? tall : null }
    if (Math.max(dx, dy) < LEAST) return { x: null, y: null }
    return { x: dx >= STRAIGHT || dx >= dy ? wide : null, y: dy >= STRAIGHT || dy > dx ? tall : null }
  }

  end(event) {
    this.move(event)
    const { drag, panel } = this
    const { w, h } = panel.inner
    const { x, y } = drag.box ?? {}
    if (x) panel.chart.zoom(x.map((pixel) => between(drag.x0, pixel / w)))
    if (y) panel.zoom([y[1], y[0]].map((pixel) => between(drag.y0, 1 - pixel / h)))
    this.cancel()
  }

  cancel() {
    this.drag = null
    this.panel.showBox(null)
    this.panel.chart.release()
  }

  wheel(event) {
    const { panel } = this
    const { chart } = panel
    if (this.drag || !chart.range || !panel.y || event.ctrlKey || performance.now() - scrolledAt < SCROLL_REST) return
    event.preventDefault()
    const pixels = event.deltaMode ? 16 : 1
    const { x, y, part } = this.locate(event)
    const { w, h } = panel.inner
    const factor = Math.exp(limit(pixels * event.deltaY, -200, 200) * 0.002)
    const around = (range, share) => [0, 1].map((edge) => between(range, share + (edge - share) * factor))
    if (part === "y") return panel.zoom(around(panel.yRange.zoomed ?? panel.y, limit(1 - y / h, 0, 1)))
    const range = chart.x.range()
    const aside = limit(pixels * (event.deltaX || (event.shiftKey ? event.deltaY : 0)), -200, 200) / w
    if (aside) return chart.zoom([0, 1].map((edge) => between(range, edge + aside)))
    const next = around(range, limit(x / w, 0, 1))
    const whole = chart.x.whole()
    if (next[0] <= whole[0] && next[1] >= whole[1]) chart.resetZoom() // everything is visible again
    else chart.zoom(next)
  }
}
