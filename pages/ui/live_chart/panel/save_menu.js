// Saves one panel as a picture, or copies it as a Plotly figure: what is on screen, with a legend.

import { element } from "../element.js"

const WIDTH = 900 // px of a saved picture
const HEIGHT = 500

// curve: {buffer, name, colour, opacity, isDots}, where the buffer is one of Traces.
function trace({ buffer, name, colour, opacity = 1, isDots = false }) {
  const x = [], y = []
  for (let i = 0; i < buffer.n; i++) {
    x.push(buffer.x[i])
    y.push(buffer.low[i])
    if (buffer.high[i] === buffer.low[i]) continue // a bucket of several steps: both ends of the band
    x.push(buffer.x[i])
    y.push(buffer.high[i])
  }
  const line = { color: colour, width: isDots ? 1 : 2 }
  return { type: "scatter", mode: isDots ? "lines+markers" : "lines", x, y, name, line, opacity, showlegend: opacity === 1 }
}

// The panel as {data, layout}.
export function figureOf(panel) {
  const { chart } = panel
  const axis = { gridcolor: "rgba(0,0,0,0.1)", zeroline: false, automargin: true }
  return {
    data: panel.shownCurves().filter(({ buffer }) => buffer.n).map(trace),
    layout: {
      title: { text: panel.label }, width: WIDTH, height: HEIGHT, margin: { l: 60, r: 20, t: 50, b: 50 },
      paper_bgcolor: "#FFFFFF", plot_bgcolor: "#FFFFFF", font: { color: "#1B1F23", family: "sans-serif" },
      legend: { orientation: "h", y: 1, yanchor: "bottom", x: 0 },
      xaxis: { ...axis, title: { text: chart.x.title() }, range: chart.range },
      yaxis: { ...axis, title: { text: panel.label }, range: panel.y, type: chart.choices.log ? "log" : "linear" },
    },
  }
}

// Plotly takes half a second to load, so it is loaded for the first picture. Its script sets window.Plotly.
async function loadPlotly(url) {
  if (!window.Plotly?.downloadImage) await import(new URL(url, document.baseURI))
  return window.Plotly
}

// A menu that opens on a click and closes after a choice.
export function saveMenu(panel) {
  const node = element("details", { class: "lc-save" }, element("summary", { "aria-label": `Save ${panel.label}`, title: "Save this chart" }, "⤓"))
  const choice = (label, act) => {
    const button = element("button", { type: "button" }, label)
    button.onclick = async () => {
      node.open = false
      try {
        await act(figureOf(panel))
      } catch {
        panel.chart.controls.note("The chart could not be saved. Allow downloads and the clipboard for this page.")
      }
    }
    return button
  }
  const picture = (format) => async (figure) => {
    const Plotly = await loadPlotly(panel.chart.data.plotly)
    await Plotly.downloadImage(figure, { format, width: WIDTH, height: HEIGHT, scale: 2, filename: `${panel.column}` })
  }
  const copy = async (figure) => {
    await navigator.clipboard.writeText(JSON.stringify(figure))
    panel.chart.controls.note("Copied. In Python: plotly.io.from_json(text).")
  }
  node.append(element("div", {}, choice("Save as PNG", picture("png")), choice("Save as SVG", picture("svg")), choice("Copy as Plotly figure (JSON)", copy)))
  node.addEventListener("focusout", (event) => { if (!node.contains(event.relatedTarget)) node.open = false })
  return node
}
