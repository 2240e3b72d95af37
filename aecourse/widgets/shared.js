// What the widgets share. Each widget's own file follows and defines render({ model, el }).

// The state of a widget on a page without a kernel, with the part of a Jupyter model that widgets use.
class PageModel {
  constructor(state) {
    this.state = state;
    this.listeners = {};
  }

  get(name) {
    return this.state[name];
  }

  set(name, value) {
    if (this.state[name] === value) return;
    this.state[name] = value;
    for (const listener of this.listeners[`change:${name}`] ?? []) listener();
  }

  on(event, listener) {
    (this.listeners[event] ??= []).push(listener);
  }

  off(event, listener) {
    this.listeners[event] = (this.listeners[event] ?? []).filter((other) => other !== listener);
  }

  save_changes() {}
}

function bytesFromBase64(text) {
  return new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
}

// Bring the still picture with this id to life.
function mount(id, render) {
  const root = document.getElementById(id);
  const state = JSON.parse(document.getElementById(`${id}-state`).textContent);
  for (const [name, value] of Object.entries(state)) {
    if (value && value.base64 !== undefined) state[name] = bytesFromBase64(value.base64);
  }
  const el = element("div", { class: "aecourse-live" });
  render({ model: new PageModel(state), el });
  root.append(el);
  root.classList.add("aecourse-awake");
}

// Make an element. Attributes that start with "on" are event listeners.
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// Read little-endian float32 numbers from the bytes of a trait.
function float32(view) {
  const numbers = new Float32Array(view.byteLength / 4);
  for (let i = 0; i < numbers.length; i++) numbers[i] = view.getFloat32(4 * i, true);
  return numbers;
}

function uint8(view) {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

// Paint grey values in [0, 1], row by row, on a canvas of that many pixels.
function paintGrey(canvas, values) {
  const context = canvas.getContext("2d");
  const picture = context.createImageData(canvas.width, canvas.height);
  for (let i = 0; i < values.length; i++) {
    const grey = Math.round(255 * Math.min(1, Math.max(0, values[i])));
    picture.data.set([grey, grey, grey, 255], 4 * i);
  }
  context.putImageData(picture, 0, 0);
}

function prefersReducedMotion() {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}

function svgElement(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// Give a function that tells screen readers a text, once the texts stop changing.
function announcer(el) {
  const region = element("p", { class: "aecourse-unseen", "aria-live": "polite" });
  el.append(region);
  let waiting;
  return (text) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { region.textContent = text; }, 500);
  };
}

// Paint square images of bytes on a canvas, so many a row, with gaps that show the ground.
function paintStrip(canvas, bytes, columns, side = 28) {
  const count = bytes.length / side ** 2;
  const step = side + 2;
  canvas.width = columns * step - 2;
  canvas.height = Math.ceil(count / columns) * step - 2;
  const context = canvas.getContext("2d");
  for (let at = 0; at < count; at++) {
    const picture = context.createImageData(side, side);
    for (let i = 0; i < side ** 2; i++) {
      const grey = bytes[at * side ** 2 + i];
      picture.data.set([grey, grey, grey, 255], 4 * i);
    }
    context.putImageData(picture, (at % columns) * step, Math.floor(at / columns) * step);
  }
}

// Draw lines by name over places in [0, 1], on a logarithmic axis; each has its dashes and marks.
// The second result marks one place on all of them.
function lineChart({ lines, places, ticks, xlabel, ylabel, label }) {
  const [left, right, top, bottom] = [52, 326, 44, 180];
  const values = Object.values(lines).flat().map(Math.log10);
  const [low, high] = [Math.min(...values) - 0.05, Math.max(...values) + 0.05];
  const across = (place) => left + place * (right - left);
  const down = (value) => bottom - ((Math.log10(value) - low) / (high - low)) * (bottom - top);
  const text = (x, y, words, anchor = "middle") =>
    svgElement("text", { x, y, "text-anchor": anchor }, words);
  const mark = (x, y, number, size) => number === 0
    ? svgElement("circle", { cx: x, cy: y, r: size })
    : svgElement("rect", { x: x - size, y: y - size, width: 2 * size, height: 2 * size });
  const svg = svgElement("svg",
    { viewBox: "0 0 340 222", role: "img", class: "aecourse-chart", "aria-label": label },
    svgElement("path", { d: `M${left} ${top}V${bottom}H${right}` }),
    text(2, 14, ylabel, "start"), text((left + right) / 2, 216, xlabel),
    ...ticks.map(([place, words]) => text(across(place), bottom + 17, words)));
  for (let power = Math.floor(low); power <= high; power++) {
    for (const step of [1, 2, 5]) {
      const value = step * 10 ** power;
      if (Math.log10(value) < low || Math.log10(value) > high) continue;
      svg.append(svgElement("path", { class: "aecourse-grid", d: `M${left} ${down(value)}H${right}` }),
        text(left - 10, down(value) + 4, String(Number(value.toPrecision(1))), "end"));
    }
  }
  const here = svgElement("g", { class: "aecourse-here" });
  svg.append(here);
  Object.entries(lines).forEach(([name, line], number) => {
    const points = line.map((value, at) => `${across(places[at])} ${down(value)}`);
    const start = left + 4 + number * 130;
    svg.append(svgElement("g", { class: `aecourse-line-${number}` },
      svgElement("path", { d: `M${points.join("L")}` }),
      svgElement("path", { d: `M${start} 30h24` }), mark(start + 12, 30, number, 3),
      ...line.map((value, at) => mark(across(places[at]), down(value), number, 2.5))),
      text(start + 30, 34, name, "start"));
  });
  const markPlace = (at) => {
    const x = across(places[at]);
    here.replaceChildren(svgElement("path", { d: `M${x} ${top}V${bottom}` }),
      ...Object.values(lines).map((line, number) => mark(x, down(line[at]), number, 6)));
  };
  return [svg, markPlace];
}
