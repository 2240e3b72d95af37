// A map of two-number codes. `position` is the code that is decoded, `ends` the ends of the line.

// Blue, orange, green, red, purple, brown, pink, grey, olive, cyan; 4.5 : 1 on white and on black.
const COLOURS = {
  light: "#1b5fab #a84600 #1d6b2d #b3202c #7440a8 #74442c #a82a76 #565656 #625c00 #00657a",
  dark: "#7db8f2 #ffab66 #74d17f #ff918c #c6a6f0 #d9b09c #f79ad3 #c8c8c8 #d6d257 #5fd6e6",
};
const STEPS_ALONG_THE_LINE = 9;
const MARGIN = { left: 38, bottom: 40, top: 8, right: 8 };

function render({ model, el }) {
  const network = readNetwork(model.get("network"), model.get("weights"));
  const space = codeSpace(float32(model.get("codes")), model.get("labels"));
  const [height, width] = model.get("image_shape");

  // What the reader sees.
  const help = element(
    "p",
    { class: "aecourse-help", id: uniqueId() },
    "Move over the map. Click or tap two points to walk from one to the other. ",
    "Keys: arrows move, with Shift further; Enter sets a point.",
  );
  const points = element("canvas", { "aria-hidden": "true" });
  const marks = mapMarks();
  const map = element(
    "div",
    {
      class: "aecourse-map",
      role: "application",
      tabindex: "0",
      "aria-label": "Map of codes: each character is an image of that class",
      "aria-describedby": help.id,
    },
    points,
    marks.node,
  );
  const decoded = pictureCanvas(width, height, "The decoded image");
  const readout = element("p", { class: "aecourse-readout" });
  const announce = announcer(el);
  const along = Array.from({ length: STEPS_ALONG_THE_LINE }, () => pictureCanvas(width, height));
  const row = element(
    "div",
    { class: "aecourse-row", role: "img", "aria-label": "Images decoded from A to B" },
    ...along,
  );
  const share = { min: 0, max: 100, step: 1, value: 0 };
  const slider = labelledRange("Along the line", share, (value) => `${value} %`);
  const clear = element("button", { type: "button" }, "Clear points");
  const lineHelp = element("p", { class: "aecourse-help" });
  const line = element("div", { class: "aecourse-line" }, row, slider.node, clear);
  el.append(
    help,
    element(
      "div",
      { class: "aecourse-columns" },
      map,
      element("div", { class: "aecourse-side" }, decoded, readout),
    ),
    lineHelp,
    line,
  );

  // From codes to pixels of the map, and back.
  const plotSize = () => [
    map.clientWidth - MARGIN.left - MARGIN.right,
    map.clientHeight - MARGIN.top - MARGIN.bottom,
  ];
  const toPixels = (code) => {
    const [[x, y], [wide, high]] = [space.toUnit(code), plotSize()];
    return [MARGIN.left + x * wide, MARGIN.top + (1 - y) * high];
  };
  const codeAt = (event) => {
    const [wide, high] = plotSize();
    const box = map.getBoundingClientRect();
    const x = (event.clientX - box.left - map.clientLeft - MARGIN.left) / wide;
    const y = 1 - (event.clientY - box.top - map.clientTop - MARGIN.top) / high;
    return space.fromUnit([clamp(x), clamp(y)]);
  };
  const between = (t) => {
    const [from, to] = model.get("ends");
    return from.map((start, axis) => start + t * (to[axis] - start));
  };

  // What follows from the state.
  function showPosition() {
    const position = model.get("position");
    marks.moveTo(toPixels(position)); // first: it measures, and the rest would make that slow
    paintGrey(decoded, denseForward(network, position));
    const { label, far } = space.nearest(position);
    const place = `Code ${written(position)}.`;
    const meaning = `The nearest of ${space.count} images is a ${label}${far ? ", and far away" : ""}.`;
    readout.replaceChildren(place, element("br"), meaning);
    return `${place} ${meaning}`;
  }

  function showLine() {
    const ends = model.get("ends");
    const complete = ends.length === 2;
    marks.drawLine(ends.map(toPixels));
    slider.input.disabled = clear.disabled = !complete;
    lineHelp.textContent = [
      "No point is set yet.",
      `A is at ${written(ends[0] ?? [0, 0])}. Now set B.`,
      `From A at ${written(ends[0] ?? [0, 0])} to B at ${written(ends[1] ?? [0, 0])}:`,
    ][ends.length];
    along.forEach((canvas, step) => {
      const t = step / (STEPS_ALONG_THE_LINE - 1);
      if (complete) paintGrey(canvas, denseForward(network, between(t)));
      else canvas.width = width; // this clears it
    });
  }

  function drawMap() {
    if (map.clientWidth === 0) return; // not on the page yet, or hidden
    drawPoints(points, map, space, toPixels);
    marks.moveTo(toPixels(model.get("position")));
    marks.drawLine(model.get("ends").map(toPixels));
  }

  // What the reader does.
  function moveTo(position) {
    model.set("position", position);
    model.save_changes();
  }

  function setEnd(code) {
    const ends = model.get("ends");
    const kept = ends.length === 2 ? [] : ends;
    slider.set(100 * kept.length);
    model.set("ends", [...kept, code]);
    model.save_changes();
    announce(`${kept.length === 0 ? "A" : "B"} is set at ${written(code)}.`);
  }

  let pressed;
  map.addEventListener("pointerdown", (event) => {
    pressed = event;
    moveTo(codeAt(event));
  });
  map.addEventListener("pointermove", (event) => moveTo(codeAt(event)));
  map.addEventListener("click", (event) => {
    // A drag explores; only a press that stays in its place sets a point. A screen reader's click
    // has no place, and its detail is 0.
    const moved = (axis) => Math.abs(event[axis] - pressed[axis]);
    const inPlace = event.detail === 0 || (moved("clientX") < 8 && moved("clientY") < 8);
    if (inPlace) setEnd(model.get("position"));
  });
  map.addEventListener("keydown", (event) => {
    const direction = ARROWS[event.key];
    if (direction) {
      const step = event.shiftKey ? 0.1 : 0.02;
      const unit = space.toUnit(model.get("position"));
      moveTo(space.fromUnit(unit.map((value, axis) => clamp(value + step * direction[axis]))));
    } else if (event.key === "Enter" || event.key === " ") {
      setEnd(model.get("position"));
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  });
  slider.input.addEventListener("input", () => moveTo(between(slider.input.value / 100)));
  clear.addEventListener("click", () => {
    model.set("ends", []);
    model.save_changes();
    map.focus();
  });

  const tellPosition = () => announce(showPosition());
  model.on("change:position", tellPosition);
  model.on("change:ends", showLine);
  const resizing = new ResizeObserver(drawMap);
  resizing.observe(map);
  const stopWatchingTheme = onThemeChange(drawMap);
  showPosition();
  showLine();
  return () => {
    model.off("change:position", tellPosition);
    model.off("change:ends", showLine);
    resizing.disconnect();
    stopWatchingTheme();
  };
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

function clamp(value) {
  return Math.min(1, Math.max(0, value));
}

function written(code) {
  return `(${code.map((number) => number.toFixed(2).replace("-", "−")).join(", ")})`;
}

// The codes, with a map from their range (a little widened) to the unit square.
function codeSpace(codes, labels) {
  const axes = [0, 1].map((axis) => {
    const values = codes.filter((_, i) => i % 2 === axis).sort();
    const [low, high] = [values[0], values.at(-1)];
    const margin = 0.05 * (high - low) || 0.5;
    return { low: low - margin, length: high - low + 2 * margin };
  });
  const toUnit = (code) => code.map((value, axis) => (value - axes[axis].low) / axes[axis].length);
  const fromUnit = (unit) => unit.map((value, axis) => axes[axis].low + value * axes[axis].length);
  const all = labels.map((label, i) => ({ label, code: [codes[2 * i], codes[2 * i + 1]] }));
  const nearest = (position) => {
    let [best, smallest] = [all[0], Infinity];
    for (const candidate of all) {
      const distance = Math.hypot(
        candidate.code[0] - position[0],
        candidate.code[1] - position[1],
      );
      if (distance < smallest) [best, smallest] = [candidate, distance];
    }
    const far = smallest > 0.08 * Math.hypot(axes[0].length, axes[1].length);
    return { label: best.label, far };
  };
  return { all, count: labels.length, axes, toUnit, fromUnit, nearest };
}

// The cursor, the ends and the line between them, in an SVG over the points.
function mapMarks() {
  const lines = svgElement("g", {});
  const cursor = svgElement(
    "g",
    { class: "aecourse-cursor" },
    svgElement("path", { d: "M-16 0H-6M6 0H16M0-16V-6M0 6V16" }),
    svgElement("circle", { r: 9 }),
  );
  const node = svgElement("svg", { "aria-hidden": "true" }, lines, cursor);
  const moveTo = ([x, y]) => cursor.setAttribute("transform", `translate(${x} ${y})`);
  const drawLine = (ends) => {
    lines.replaceChildren();
    if (ends.length === 2) {
      const [[x1, y1], [x2, y2]] = ends;
      lines.append(svgElement("line", { x1, y1, x2, y2 }));
    }
    ends.forEach(([x, y], number) => {
      lines.append(
        svgElement("circle", { cx: x, cy: y, r: 10 }),
        svgElement("text", { x, y: y + 5 }, "AB"[number]),
      );
    });
  };
  return { node, moveTo, drawLine };
}

// Draw each image's class at its code, and the two axes.
function drawPoints(canvas, map, space, toPixels) {
  const scale = window.devicePixelRatio || 1;
  const [width, height] = [map.clientWidth, map.clientHeight];
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  const { color, fontFamily } = getComputedStyle(map);
  const colours = COLOURS[isDark(map) ? "dark" : "light"].split(" ");
  const classes = [...new Set(space.all.map(({ label }) => label))].sort();
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.font = `bold 11px ${fontFamily}`;
  for (const { label, code } of space.all) {
    context.fillStyle = colours[classes.indexOf(label) % colours.length];
    context.fillText(label, ...toPixels(code));
  }

  context.font = `12px ${fontFamily}`;
  context.fillStyle = context.strokeStyle = color;
  const [left, bottom] = [MARGIN.left, height - MARGIN.bottom];
  context.strokeRect(left - 0.5, MARGIN.top - 0.5, width - left - MARGIN.right, bottom - MARGIN.top);
  for (const tick of ticks(space.axes[0])) {
    context.fillText(tick.text, toPixels([tick.value, 0])[0], bottom + 12);
  }
  context.fillText("first code unit", (left + width) / 2, bottom + 29);
  context.textAlign = "right";
  for (const tick of ticks(space.axes[1])) {
    context.fillText(tick.text, left - 5, toPixels([0, tick.value])[1]);
  }
  context.textAlign = "center";
  context.rotate(-Math.PI / 2);
  context.fillText("second code unit", -bottom / 2, 8);
}

// Three to six round numbers on an axis.
function ticks({ low, length }) {
  const power = 10 ** Math.floor(Math.log10(length));
  const step = [0.2, 0.5, 1, 2].map((factor) => factor * power).find((size) => length / size <= 6);
  const found = [];
  for (let i = Math.ceil(low / step); i * step <= low + length; i++) {
    const text = (i * step).toFixed(Math.max(0, -Math.floor(Math.log10(step))));
    found.push({ value: i * step, text: text.replace("-", "−") });
  }
  return found;
}
