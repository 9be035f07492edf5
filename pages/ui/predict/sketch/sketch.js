// Strokes are kept as points, so that Undo can draw the others again. After each one Python gets a small grey picture.
const views = new WeakMap()

export default function ({ data, parentElement, setStateValue }) {
  let view = views.get(parentElement)
  if (!view) {
    view = mount(parentElement, data)
    views.set(parentElement, view)
  }
  view.tell = (drawing) => setStateValue("drawing", drawing)
  view.setBrush(data.brush)
  return () => views.delete(parentElement)
}

function mount(parent, data) {
  const find = (selector) => parent.querySelector(selector)
  const [canvas, brush, undo, clear] = ["canvas", "input", ".undo", ".clear"].map(find)
  const context = canvas.getContext("2d")
  const small = document.createElement("canvas")
  small.width = small.height = data.side
  const shrunk = small.getContext("2d", { willReadFrequently: true })
  let strokes = []
  let stroke = null
  let given = null

  const view = {
    tell: null,
    setBrush(part) {
      if (given !== part) brush.value = String(Math.round(100 * part))
      given = part
    },
  }

  const place = (event) => {
    const box = canvas.getBoundingClientRect()
    return [((event.clientX - box.left) / box.width) * canvas.width, ((event.clientY - box.top) / box.height) * canvas.height]
  }

  function drawStroke({ width, points }, first = 0) {
    context.strokeStyle = context.fillStyle = "#fff"
    context.lineWidth = width
    context.lineCap = context.lineJoin = "round"
    context.beginPath()
    context.moveTo(...points[Math.max(0, first - 1)])
    // A tap is a dot: a line of no length with round ends.
    for (const point of points.slice(first)) context.lineTo(...point)
    context.stroke()
  }

  function redraw() {
    context.fillStyle = "#000"
    context.fillRect(0, 0, canvas.width, canvas.height)
    for (const one of strokes) drawStroke(one)
    undo.disabled = clear.disabled = !strokes.length
  }

  function send() {
    undo.disabled = clear.disabled = !strokes.length
    if (!strokes.length) return view.tell("")
    shrunk.imageSmoothingQuality = "high"
    shrunk.drawImage(canvas, 0, 0, data.side, data.side)
    const pixels = shrunk.getImageData(0, 0, data.side, data.side).data
    let text = ""
    for (let place = 0; place < pixels.length; place += 4) text += String.fromCharCode(pixels[place])
    view.tell(btoa(text))
  }

  canvas.onpointerdown = (event) => {
    if (event.button > 0 || stroke) return
    event.preventDefault()
    canvas.setPointerCapture(event.pointerId)
    stroke = { id: event.pointerId, width: (Number(brush.value) / 100) * canvas.width, points: [place(event)] }
    drawStroke(stroke)
  }
  canvas.onpointermove = (event) => {
    if (event.pointerId !== stroke?.id) return
    const first = stroke.points.length
    const events = event.getCoalescedEvents?.() ?? []
    for (const one of events.length ? events : [event]) stroke.points.push(place(one))
    drawStroke(stroke, first)
  }
  const end = (event) => {
    if (event.pointerId !== stroke?.id) return
    strokes.push(stroke)
    stroke = null
    send()
  }
  canvas.onpointerup = canvas.onpointercancel = end
  undo.onclick = () => {
    strokes.pop()
    redraw()
    send()
  }
  clear.onclick = () => {
    strokes = []
    redraw()
    send()
  }
  redraw()
  return view
}
