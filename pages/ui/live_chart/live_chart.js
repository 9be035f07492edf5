// The live chart: the curves of a run, drawn as its batches end.
//
//   rows/     the data: feed.js loads the series once and then follows the socket, frames.js decodes messages,
//             cells.js keeps the rows in bounded memory
//   chart.js  panels, controls and the pace of drawing; controls.js and progress.js are beside it
//   panel/    one metric: its axes and curves, each on a canvas; which range is shown, and what changes it
//
// A draw takes about 1 ms. Plotly would take 20 ms for a panel: with several tabs open, the difference decides whether
// watching slows the training.

import { Chart } from "./chart.js"

export function mount(root, data, changed = () => {}) {
  return new Chart(root, data, changed)
}
