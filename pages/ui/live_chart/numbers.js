// Numbers for people: 4 significant digits, thousands separators, powers of ten instead of "e+04".

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
const formats = new Map() // creating an Intl.NumberFormat is slow

function grouped(value, decimals) {
  if (!formats.has(decimals))
    formats.set(decimals, new Intl.NumberFormat("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }))
  return formats.get(decimals).format(value)
}

function powerOfTen(exponent) {
  return `10${exponent < 0 ? "⁻" : ""}${[...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[digit]).join("")}`
}

export function whole(value) { return grouped(value, 0) }

export function number(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–"
  if (value === 0) return "0"
  const rounded = Number(value.toPrecision(4))
  const size = Math.abs(rounded)
  if (size < 1e-4 || size >= 1e9) {
    const [digits, exponent] = value.toExponential(3).split("e")
    return `${digits}×${powerOfTen(Number(exponent))}`
  }
  return grouped(rounded, Math.max(0, 3 - Math.floor(Math.log10(size))))
}

// Tick labels of an axis, all with the same number of decimals. step: the distance of two ticks.
export function tickLabels(values, step) {
  const largest = Math.max(...values.map(Math.abs))
  const power = Math.floor(Math.log10(largest || 1))
  if (largest >= 1e9 || (step < 1e-5 && largest < 1e-2)) {
    const decimals = Math.max(0, power - Math.floor(Math.log10(step) + 1e-9))
    return values.map((value) => (value ? `${grouped(value / 10 ** power, decimals)}×${powerOfTen(power)}` : "0"))
  }
  const decimals = Math.min(12, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)))
  return values.map((value) => grouped(value, decimals))
}

// The tick label of a logarithmic axis, such as 0.001, 20,000 or 2×10⁻⁶.
export function logTickLabel(value) {
  const power = Math.floor(Math.log10(value) + 1e-9)
  if (power >= -4 && power < 6) return grouped(value, Math.max(0, -power))
  const first = Math.round(value / 10 ** power)
  return first === 1 ? powerOfTen(power) : `${first}×${powerOfTen(power)}`
}
