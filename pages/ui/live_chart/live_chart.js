// The live chart: a run's curves, drawn as the batches end.
//
//   feed.js        the rows: series once, then the socket (frames.js decodes, cells.js keeps them bounded)
//   chart.js       panels, controls and the pace of drawing; controls.js, hover.js and progress.js beside them
//   panel.js       one metric: axes.js has Plotly draw the axes, traces.js gathers, curves.js draws on a canvas
//   x_axis.js, y_range.js, gestures.js    which range is on screen, and what changes it
//
// A redraw by Plotly takes 10 to 20 ms a panel, one of a canvas about 1 ms. With
// several tabs open that is the difference between watching a run and slowing it.

import { Chart } from "./chart.js"

export function mount(root, data, changed = () => {}) {
  return new Chart(root, data, changed)
}
