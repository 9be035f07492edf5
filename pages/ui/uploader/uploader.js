// A file goes straight to the server's disk; Python hears of it once it is stored.
const views = new WeakMap()

export default function ({ data, parentElement, setTriggerValue }) {
  let view = views.get(parentElement)
  if (!view) {
    view = mount(parentElement)
    views.set(parentElement, view)
  }
  view.data = data
  view.tell = (uploaded) => setTriggerValue("uploaded", uploaded)
  parentElement.querySelector(".title").textContent = data.title
  parentElement.querySelector(".hint").textContent = data.hint
  parentElement.querySelector("input").accept = data.accept
  parentElement.querySelector("input").ariaLabel = data.title
  return () => {
    view.request?.abort()
    views.delete(parentElement)
  }
}

const megabytes = (bytes) => (bytes / 1e6).toLocaleString("en", { maximumFractionDigits: bytes < 1e7 ? 1 : 0 })

function mount(parent) {
  const find = (selector) => parent.querySelector(selector)
  const [zone, input, sending, bar, text, problem] =
    [".zone", "input", ".sending", "progress", ".text", ".problem"].map(find)
  const view = { data: null, tell: null, request: null }

  input.onchange = () => {
    if (input.files.length) send(input.files[0])
    input.value = "" // so that the same file can be chosen again
  }
  zone.ondragover = (event) => {
    event.preventDefault()
    zone.classList.add("over")
  }
  zone.ondragleave = () => zone.classList.remove("over")
  zone.ondrop = (event) => {
    event.preventDefault()
    zone.classList.remove("over")
    if (event.dataTransfer.files.length > 1) return fail("Upload one file at a time; put images into one zip.")
    if (event.dataTransfer.files.length) send(event.dataTransfer.files[0])
  }
  find("button").onclick = () => view.request?.abort()

  function fail(sentence) {
    show(false)
    problem.textContent = sentence
  }

  function show(busy) {
    zone.hidden = busy
    sending.hidden = !busy
  }

  function send(file) {
    if (view.request) return
    problem.textContent = ""
    if (file.size > view.data.limit) {
      return fail(`${file.name} has ${megabytes(file.size)} MB; at most ${megabytes(view.data.limit)} MB can be uploaded. `
        + "Use a smaller one, or raise the limit in the server's settings.")
    }
    const request = (view.request = new XMLHttpRequest())
    show(true)
    bar.value = 0
    text.textContent = `Sending ${file.name}`
    request.upload.onprogress = ({ loaded, total }) => {
      bar.value = total ? loaded / total : 0
      text.textContent = loaded < total
        ? `Sending ${file.name}: ${megabytes(loaded)} of ${megabytes(total)} MB`
        : `${file.name} has arrived and is being stored`
    }
    request.onloadend = () => {
      view.request = null
      let answer = {}
      try {
        answer = JSON.parse(request.responseText)
      } catch {
        // No answer of ours: the connection broke.
      }
      if (request.status === 201) {
        show(false)
        view.tell(answer.id)
      } else {
        fail(answer.error ?? "The file did not arrive. Check the connection and upload it again.")
      }
    }
    request.onabort = () => {
      request.onloadend = null
      view.request = null
      show(false)
    }
    request.open("POST", new URL(`${view.data.url}&name=${encodeURIComponent(file.name)}`, document.baseURI))
    request.send(file)
  }
  return view
}
