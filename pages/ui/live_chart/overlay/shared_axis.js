// The x axis that several runs share: as long as the longest of them.

import { XAxis } from "../panel/x_axis.js"

export class SharedAxis extends XAxis {
  get lines() { return this.chart.lines.filter((line) => line.isShown) }
  get seconds() { return Math.max(0, ...this.lines.map((line) => line.x.seconds)) }

  now() { return Math.max(0, ...this.lines.map((line) => line.x.now())) }

  latest() { return null }

  // Gives the runs the unit and the zoom.
  share() {
    this.updateUnit()
    for (const { x } of this.chart.lines) Object.assign(x, { unit: this.unit, zoomed: this.zoomed })
  }
}
