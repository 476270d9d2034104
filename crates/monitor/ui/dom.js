// Building and updating elements. Text is always text: nothing here takes markup.

// h("p", { class: "soft", onclick: f }, "text", element, [more])
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    set(element, name, value);
  }
  append(element, children);
  return element;
}

function set(element, name, value) {
  if (value === undefined || value === null || value === false) return;
  if (name.startsWith("on")) {
    element.addEventListener(name.slice(2), value);
  } else if (name === "class") {
    element.className = value;
  } else if (name === "data") {
    for (const [key, text] of Object.entries(value)) {
      if (text !== undefined && text !== null) element.dataset[key] = text;
    }
  } else if (name === "value" || name === "checked") {
    element[name] = value;
  } else {
    element.setAttribute(name, value === true ? "" : String(value));
  }
}

export function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    element.append(child);
  }
  return element;
}

export function fill(element, ...children) {
  element.replaceChildren();
  return append(element, children);
}

// Sets a text only when it is another: a selection in it and a screen reader's place are kept.
export function tell(element, text) {
  const now = String(text);
  if (element.textContent !== now) element.textContent = now;
}

// Makes the children of `parent` those of `items`, in order, keeping the element of an item that stays. `make(item)`
// answers { element, set(item) }.
export function keyed(parent, items, keyOf, make) {
  const known = (parent.waypostKeyed ??= new Map());
  const seen = new Set();
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    seen.add(key);
    let entry = known.get(key);
    if (entry) {
      entry.set?.(item);
    } else {
      entry = make(item);
      known.set(key, entry);
    }
    if (entry.element === place) {
      place = place.nextElementSibling;
    } else {
      parent.insertBefore(entry.element, place);
    }
  }
  for (const [key, entry] of known) {
    if (seen.has(key)) continue;
    entry.element.remove();
    known.delete(key);
  }
}
