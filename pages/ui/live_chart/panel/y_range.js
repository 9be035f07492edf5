// The y range of one panel.

const SQUEEZED = 8 // if the range is this many times smaller without the first rows, they are left outside

export class YRange {
  constructor() { this.reset() }

  reset() {
    this.zoomed = null // the range chosen by the user
    this.kept = null
    this.cut = null // {low, high} of all values, if the first ones are outside the range
  }

  // Returns the range to show. It stays while the curves fit well, so that the axis does not jump.
  //   all, settled: {low, high} of all values on screen, and without the first rows of the run.
  //   isLog: ranges are in powers of ten. showsAll: leave no value outside. isHeld: during a drag.
  choose(all, settled, { isLog, showsAll, isHeld }) {
    if (this.zoomed) {
      this.cut = null
      return this.zoomed
    }
    if (isHeld && this.kept?.isLog === isLog) return this.kept.range
    const scale = ({ low, high }) => (isLog ? [Math.log10(low), Math.log10(high)] : [low, high])
    if (!(all.low <= all.high)) return isLog ? [-2, 0] : [0, 1]
    let [a, b] = scale(all)
    const [c, d] = scale(settled)
    const threshold = SQUEEZED * (this.cut ? 0.75 : 1)
    const isCut = !showsAll && d - c > 1e-6 * Math.max(Math.abs(c), Math.abs(d)) && b - a > threshold * (d - c)
    this.cut = isCut ? all : null
    if (isCut) [a, b] = [c, d]
    const { kept } = this
    const fits = kept && kept.isLog === isLog && kept.isCut === isCut && a >= kept.range[0] && b <= kept.range[1]
    if (fits && b - a > 0.7 * (kept.range[1] - kept.range[0])) return kept.range
    const isFlat = b - a <= 1e-6 * Math.max(Math.abs(a), Math.abs(b))
    const pad = isFlat ? 0.1 * Math.abs(a) || 1 : 0.08 * (b - a)
    const isShare = !isLog && a >= 0 && b <= 1
    const range = [!isLog && a >= 0 ? Math.max(0, a - pad) : a - pad, isShare ? Math.min(b + pad, 1.02) : b + pad]
    this.kept = { isLog, isCut, range }
    return range
  }
}
