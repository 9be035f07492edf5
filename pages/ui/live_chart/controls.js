// The controls of the charts. Choices are stored in this browser.

import { element, setText } from "./element.js"

const REMEMBERED = "traindeck.live_chart" // and the names of other charts
const DEFAULTS = { smoothing: 0.6, x: "step", log: false, full: false, follow: false, drag: "zoom", extras: [] }

export function rememberedChoices(name = REMEMBERED) {
  const choices = { ...DEFAULTS }
  try {
    const kept = JSON.parse(localStorage.getItem(name) ?? "{}")
    if (kept.smoothing >= 0 && kept.smoothing <= 0.999) choices.smoothing = kept.smoothing
    if (["step", "epoch", "time"].includes(kept.x)) choices.x = kept.x
    if (["zoom", "pan"].includes(kept.drag)) choices.drag = kept.drag
    for (const name of ["log", "full", "follow"]) if (typeof kept[name] === "boolean") choices[name] = kept[name]
    if (Array.isArray(kept.extras)) choices.extras = kept.extras.filter((name) => typeof name === "string")
  } catch { /* the stored choices are damaged or cannot be read */ }
  return choices
}

export function rememberChoices(choices, name = REMEMBERED) {
  try { localStorage.setItem(name, JSON.stringify(choices)) } catch { /* private window */ }
}

function button(label, press, attributes = {}) {
  const node = element("button", { type: "button", ...attributes }, label)
  node.onclick = press
  return node
}

export class Controls {
  // follows: whether the newest steps can be followed.
  constructor(chart, { follows = true } = {}) {
    this.chart = chart
    this.slider = element("input", { type: "range", min: "0", max: "0.999", step: "0.001", "aria-label": "Smoothing" })
    this.output = element("span", { class: "lc-output" })
    this.slider.oninput = () => chart.choose({ smoothing: Number(this.slider.value) })
    const x = this.group("X axis", "x", { step: "", epoch: "", time: "" }, () => chart.resetZoom(false))
    const drag = this.group("Drag", "drag", {
      zoom: "Drag over the curves or along an axis to zoom. The wheel zooms too. A double click resets the zoom.",
      pan: "Drag to move the view. In zoom mode, hold Shift to do the same.",
    }, () => {})
    this.boxes = {}
    const box = (name, label, help, before) => {
      const input = (this.boxes[name] = element("input", { type: "checkbox" }))
      input.onchange = () => {
        before()
        chart.choose({ [name]: input.checked })
      }
      return element("label", { title: help }, input, label)
    }
    const forgetY = () => chart.panels.forEach((panel) => panel.yRange.reset())
    this.chips = element("span", { class: "lc-chips", role: "group", "aria-label": "More panels" })
    this.reset = button("Reset zoom", () => chart.resetZoom(), { class: "lc-reset", "data-idle": "" })
    this.noteNode = element("span", { class: "lc-note", role: "status", "aria-live": "polite" })
    this.node = element("div", { class: "lc-controls" },
      element("label", {}, "Smoothing", this.slider, this.output), x, drag,
      box("log", "Log y", "Logarithmic y axis: equal distances are equal factors.", forgetY),
      box("full", "Full y range", "Include the first steps, even if their values make the rest of the curve look flat.", forgetY),
      ...(follows ? [box("follow", "Follow latest", "Show only the newest steps.", () => chart.resetZoom(false))] : []),
      this.chips, this.reset, this.noteNode)
    this.show()
  }

  // A group of buttons, one of which is pressed. helps: value → tooltip.
  group(label, name, helps, before) {
    const buttons = Object.entries(helps).map(([value, help]) => button(value[0].toUpperCase() + value.slice(1), () => {
      before()
      this.chart.choose({ [name]: value })
    }, { [`data-${name}`]: value, ...(help && { title: help }) }))
    return element("span", { class: "lc-group", role: "group", "aria-label": label }, ...buttons)
  }

  // extras: [column, label] of the panels besides the first two.
  setExtras(extras) {
    this.chips.replaceChildren(...extras.map(([column, label]) => button(label, () => this.chart.toggleExtra(column),
      { class: "lc-chip", "data-column": column })))
    this.show()
  }

  show() {
    const { choices } = this.chart
    if (Number(this.slider.value) !== choices.smoothing) this.slider.value = choices.smoothing
    setText(this.output, choices.smoothing.toFixed(3))
    const press = (node, isPressed) => node.setAttribute("aria-pressed", String(isPressed))
    for (const name of ["x", "drag"])
      for (const node of this.node.querySelectorAll(`[data-${name}]`)) press(node, node.dataset[name] === choices[name])
    for (const [name, input] of Object.entries(this.boxes)) input.checked = choices[name]
    for (const node of this.chips.children) press(node, choices.extras.includes(node.dataset.column))
  }

  showZoomed(isZoomed) {
    if (isZoomed) delete this.reset.dataset.idle
    else this.reset.dataset.idle = ""
  }

  note(text) { setText(this.noteNode, text) }
}
