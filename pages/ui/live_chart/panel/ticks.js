// Positions and labels of the ticks of an axis.

import { logTickLabel, tickLabels } from "../numbers.js"

// About `count` round values in [low, high]. Returns {values, labels}.
export function linearTicks(low, high, { count = 6, isWhole = false } = {}) {
  const rough = (high - low) / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const nice = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999)
  const step = isWhole ? Math.max(1, Math.round(nice)) : nice
  const values = []
  for (let i = Math.ceil(low / step - 1e-9) + 0; i * step <= high + 1e-9 * step && values.length < 50; i++) values.push(i * step)
  return { values, labels: values.length ? tickLabels(values, step) : [] }
}

// low, high: exponents of ten.
export function logTicks(low, high) {
  const factors = high - low < 2.5 ? [1, 2, 5] : [1]
  const stride = Math.max(1, Math.ceil((high - low) / 7))
  const values = []
  for (let power = Math.floor(low); power <= high; power++)
    for (const factor of factors) {
      const at = power + Math.log10(factor)
      if (power % stride === 0 && at >= low && at <= high) values.push(Number(`${factor}e${power}`))
    }
  return values.length > 1 ? { values, labels: values.map(logTickLabel) } : linearTicks(10 ** low, 10 ** high)
}
