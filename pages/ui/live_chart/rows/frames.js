// Decodes messages of server/frames.py: a JSON header, then arrays aligned to 8 bytes.

// Decodes a message. Returns its header, with `arrays` as typed arrays by name.
export function decodeFrame(buffer) {
  const kinds = { "<f4": Float32Array, "<f8": Float64Array, "<i4": Int32Array }
  let start = 4 + new DataView(buffer).getUint32(0, true)
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, start - 4)))
  const arrays = {}
  for (const [name, dtype, length] of header.arrays) {
    const kind = kinds[dtype]
    arrays[name] = new kind(buffer, start, length)
    start += Math.ceil((length * kind.BYTES_PER_ELEMENT) / 8) * 8
  }
  return { ...header, arrays }
}
