// Smoothing of the curves.

// The debiased exponential moving average; skips values that are not finite, as the server does.
export class Average {
  constructor(weight, [average, count, last, smooth] = [0, 0, null, null]) {
    this.weight = weight
    this.average = average
    this.power = weight ** count
    this.last = last ?? NaN
    this.smooth = smooth ?? NaN
  }

  push(value) {
    this.last = value
    if (!Number.isFinite(value)) return NaN
    this.average = this.weight * this.average + (1 - this.weight) * value
    this.power *= this.weight
    this.smooth = this.average / (1 - this.power)
    return this.smooth
  }
}
