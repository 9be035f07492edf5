// The names of many runs above the panels. A click hides or shows a curve.

import { element } from "../element.js"

export class Legend {
  constructor(chart) {
    this.chart = chart
    this.key = ""
    this.node = element("div", { class: "lc-legend", role: "group", "aria-label": "Runs" })
  }

  // Rebuilt only when a name, a colour or a choice has changed.
  show(lines) {
    const key = JSON.stringify(lines.map((line) => [line.data.run, line.label, line.colour, line.isShown]))
    if (key === this.key) return
    this.key = key
    this.node.hidden = !lines.length
    const focused = document.activeElement?.dataset?.run
    this.node.replaceChildren(...lines.map((line) => {
      const node = element("button", {
        type: "button", "data-run": line.data.run, title: line.label, "aria-pressed": String(line.isShown),
      }, element("i", { style: `background: ${line.colour}` }), element("span", {}, line.label))
      node.onclick = () => this.chart.toggle(line)
      return node
    }))
    for (const node of this.node.children) if (focused === node.dataset.run) node.focus()
  }
}
