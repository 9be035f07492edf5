// The live chart: the curves of a run, drawn as its batches end.
//
//   rows/     the data: feed.js loads the series once and then follows the socket, frames.js decodes messages,
//             cells.js keeps the rows in bounded memory
//   chart.js  panels, controls and the pace of drawing; controls.js and progress.js are beside it
//   panel/    one metric: Plotly draws the axes, a canvas the curves; which range is shown, and what changes it
//
// Plotly redraws a panel in 10 to 20 ms, a canvas in about 1 ms. With several tabs open, the
// difference decides whether watching slows the training.

import { Chart } from "./chart.js"

export function mount(root, data, changed = () => {}) {
  return new Chart(root, data, changed)
}
