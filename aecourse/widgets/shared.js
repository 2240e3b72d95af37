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

// Give what render fills the style of all widgets, and the keys that Jupyter would take.
function live(render) {
  return ({ model, el }) => {
    el.classList.add("aecourse-live");
    el.dataset.lmSuppressShortcuts = "true";
    return render({ model, el });
  };
}

// Wait until the reader is about a page away from an element.
function nearby(root) {
  return new Promise((resolve) => {
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      resolve();
    }, { rootMargin: "800px" });
    observer.observe(root);
  });
}

// Load a state that a page keeps in a file: a script, which a page may load from a plain folder too.
async function loadState(id, src) {
  await new Promise((resolve, reject) => {
    document.head.append(element("script", { src, onload: resolve, onerror: reject }));
  });
  return window.aecourseStates[id];
}

// Bring the still picture with this id to life; if its state is in a file, when the reader is near.
async function mount(id, render) {
  const root = document.getElementById(id);
  const { dataset, textContent } = document.getElementById(`${id}-state`);
  if (dataset.src) await nearby(root);
  const state = dataset.src ? await loadState(id, dataset.src) : JSON.parse(textContent);
  for (const [name, value] of Object.entries(state)) {
    if (value && value.base64 !== undefined) state[name] = bytesFromBase64(value.base64);
  }
  const el = element("div");
  live(render)({ model: new PageModel(state), el });
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

function float16(view) {
  const numbers = new Float32Array(view.byteLength / 2);
  for (let i = 0; i < numbers.length; i++) {
    const bits = view.getUint16(2 * i, true);
    const exponent = (bits >> 10) & 31;
    const fraction = (bits & 1023) / 1024;
    const size = exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15);
    numbers[i] = bits >> 15 ? -size : size;
  }
  return numbers;
}

// Read the layers that pack_network of network.py wrote. Weights are (n_in, n_out), row by row.
function readNetwork({ precision, layers }, view) {
  const numbers = precision === "float16" ? float16(view) : float32(view);
  let start = 0;
  const take = (count) => numbers.subarray(start, (start += count));
  const read = [];
  for (const { n_in: inputs, n_out: units, activation, tied_to: source } of layers) {
    const weight = source === null ? take(inputs * units) : transposed(read[source]);
    read.push({ inputs, units, activation, weight, bias: take(units) });
  }
  return read;
}

function transposed({ inputs, units, weight }) {
  return weight.map((_, i) => weight[(i % inputs) * units + Math.floor(i / inputs)]);
}

const ACTIVATIONS = {
  sigmoid: (sum) => 1 / (1 + Math.exp(-sum)),
  relu: (sum) => Math.max(0, sum),
  linear: (sum) => sum,
  tanh: Math.tanh,
};

// Return the last layer's activations for one input.
function denseForward(layers, input) {
  let values = input;
  for (const { inputs, units, activation, weight, bias } of layers) {
    const sums = Float64Array.from(bias);
    for (let i = 0; i < inputs; i++) {
      const value = values[i];
      if (value === 0) continue;
      for (let j = 0, at = i * units; j < units; j++, at++) sums[j] += value * weight[at];
    }
    values = sums.map(ACTIVATIONS[activation]);
  }
  return values;
}

// A picture of greys, large enough to see. Without a label it belongs to a larger picture.
function pictureCanvas(width, height, label) {
  const named = label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" };
  return element("canvas", { width, height, class: "aecourse-picture", ...named });
}

// Paint grey values in [0, 1], row by row, on a canvas of that many pixels.
function paintGrey(canvas, values) {
  // So few pixels are best kept in main memory.
  const context = canvas.getContext("2d", { willReadFrequently: true });
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

// Whether the widget's text is light, because the page or the notebook is dark.
function isDark(el) {
  const [red, green, blue] = getComputedStyle(el).color.match(/[\d.]+/g).map(Number);
  return red + green + blue > 380;
}

// Call back when the page, the notebook or the system turns dark or light. Return how to stop.
function onThemeChange(callback) {
  const observer = new MutationObserver(callback);
  const attributeFilter = ["class", "data-theme", "data-jp-theme-light"];
  for (const node of [document.documentElement, document.body]) {
    observer.observe(node, { attributes: true, attributeFilter });
  }
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", callback);
  return () => {
    observer.disconnect();
    system.removeEventListener("change", callback);
  };
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

function uniqueId() {
  return `aecourse-${Math.random().toString(36).slice(2)}`;
}

// Make a slider with its label and, beside it, its value as write(value) puts it.
function labelledRange(label, range, write) {
  const input = element("input", { type: "range", ...range });
  const written = element("span", { class: "aecourse-shown", "aria-hidden": "true" });
  const show = () => {
    written.textContent = write(Number(input.value));
    input.setAttribute("aria-valuetext", written.textContent);
  };
  const set = (value) => {
    input.value = value;
    show();
  };
  input.addEventListener("input", show);
  show();
  const node = element("div", { class: "aecourse-range" });
  const text = element("span", {}, label);
  node.append(element("label", {}, text, input), written);
  return { node, label: text, input, set };
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
