// Builds a DOM node. Strings become attributes, other values properties.
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (name in node && typeof value !== "string") node[name] = value
    else node.setAttribute(name, value)
  }
  node.append(...children)
  return node
}

// Writes only a changed text: writing an equal one would still cost a layout.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text
}
