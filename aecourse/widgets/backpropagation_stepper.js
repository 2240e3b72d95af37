const PHASES = ["forward", "loss", "backward", "update"];
const NODE_RADIUS = 24;
// Two shapes of the same drawing; the style shows the one that fits. A label stands at this share of
// its arrow, from the outer end, so that no two labels meet.
const WIDE = { name: "wide", width: 440, nodeGap: 122, share: 0.36 };
const NARROW = { name: "narrow", width: 316, nodeGap: 200, share: 0.43 };

const sigmoid = (z) => 1 / (1 + Math.exp(-z));
const subscript = (number) => String.fromCharCode(0x2080 + number);
const number = (value, digits = 3) => value.toFixed(digits).replace("-", "−");
const factor = (value, digits) => (value < 0 ? `(${number(value, digits)})` : number(value, digits));

// The sums of a layer, unit by unit, and their sigmoids. Weights are (n_in, n_out).
function dense(inputs, { weight, bias }) {
  const sums = bias.map((start, to) =>
    inputs.reduce((sum, input, from) => sum + input * weight[from][to], start));
  return { sums, values: sums.map(sigmoid) };
}

function forward(x, encoder, decoder) {
  const code = dense(x, encoder);
  const output = dense(code.values, decoder);
  const loss = output.values.reduce((sum, value, j) => sum + (value - x[j]) ** 2, 0) / x.length;
  return { code, output, loss };
}

// The loss of one input and its derivative with respect to all that led to it, in float64.
function backpropagate({ x, encoder, decoder }) {
  const { code, output, loss } = forward(x, encoder, decoder);
  const slope = (value) => value * (1 - value);
  const deltaOut = output.values.map((value, j) => (2 / x.length) * (value - x[j]) * slope(value));
  const blame = decoder.weight.map((row) => row.reduce((sum, w, j) => sum + w * deltaOut[j], 0));
  const delta = code.values.map((value, k) => blame[k] * slope(value));
  const outer = (inputs, deltas) => inputs.map((input) => deltas.map((d) => input * d));
  return {
    code, output, loss, blame,
    encoderGradient: { weight: outer(x, delta), bias: delta },
    decoderGradient: { weight: outer(code.values, deltaOut), bias: deltaOut },
  };
}

function descend({ weight, bias }, gradient, rate) {
  return {
    weight: weight.map((row, from) => row.map((w, to) => w - rate * gradient.weight[from][to])),
    bias: bias.map((b, to) => b - rate * gradient.bias[to]),
  };
}

// All steps in order. Each holds its words, its formula, what it draws attention to, and the board:
// the numbers known by then. Layer 0 is the encoder, layer 1 the decoder; column 0 the input.
function makeSteps(x, encoder, decoder, rate) {
  const layers = [encoder, decoder];
  const run = backpropagate({ x, encoder, decoder });
  const gradients = [run.encoderGradient, run.decoderGradient];
  const found = [run.code, run.output];
  const inputs = [x, run.code.values];
  const names = [
    { value: "h", sum: "z", weight: "W", bias: "b", delta: "δ", input: "x", unit: "hidden unit" },
    { value: "x̂", sum: "z′", weight: "W′", bias: "b′", delta: "δ′", input: "h", unit: "output" },
  ];
  const steps = [];
  const board = { layers, sums: [[], []], values: [x, [], []], deltas: [[], []], gradients: [{}, {}] };
  const add = (phase, words, formula, marks = {}) => {
    steps.push({ phase, words, formula, arrows: [], nodes: [], ...marks, board: structuredClone(board) });
  };
  const weightName = (layer, from, to) =>
    `${names[layer].weight}${subscript(from + 1)}${subscript(to + 1)}`;

  add("forward", "The input is in. It is also the target.",
    `x = (${x.map((value) => number(value)).join(", ")})`, { nodes: x.map((_, i) => [0, i]) });

  for (const layer of [0, 1]) {
    const name = names[layer];
    layers[layer].bias.forEach((bias, to) => {
      const unit = subscript(to + 1);
      let sum = bias;
      inputs[layer].forEach((value, from) => {
        const before = sum;
        const weight = layers[layer].weight[from][to];
        sum += value * weight;
        board.sums[layer][to] = sum;
        const start = from === 0 ? `It starts at the bias ${name.bias}${unit}. ` : "";
        add("forward",
          `${layer === 0 ? "Input" : "Hidden unit"} ${from + 1} times its weight adds to the sum of ` +
          `${name.unit} ${to + 1}. ${start}`.trim(),
          `${name.sum}${unit} = ${number(before)} + ${name.input}${subscript(from + 1)} · ` +
          `${weightName(layer, from, to)} = ${number(before)} + ${factor(value)} · ${factor(weight)} ` +
          `= ${number(sum)}`,
          { arrows: [[layer, from, to]] });
      });
      const value = found[layer].values[to];
      board.values[layer + 1][to] = value;
      add("forward", `The sigmoid turns the sum of ${name.unit} ${to + 1} into its activation.`,
        `${name.value}${unit} = σ(${name.sum}${unit}) = 1 / (1 + e^(−${name.sum}${unit})) ` +
        `= σ(${number(sum)}) = ${number(value)}`, { nodes: [[layer + 1, to]] });
    });
  }

  board.loss = run.loss;
  const terms = x.map((_, j) => `(x̂${subscript(j + 1)} − x${subscript(j + 1)})²`).join(" + ");
  const termValues = x.map((value, j) => `${number((run.output.values[j] - value) ** 2, 4)}`);
  add("loss", "The loss is the mean of the squared errors: output against input.",
    `L = (${terms}) / ${x.length} = (${termValues.join(" + ")}) / ${x.length} = ${number(run.loss, 5)}`,
    { nodes: x.map((_, j) => [2, j]), loss: true });

  x.forEach((target, j) => {
    const value = run.output.values[j];
    const unit = subscript(j + 1);
    board.deltas[1][j] = run.decoderGradient.bias[j];
    add("backward",
      `The blame of output ${j + 1}: how far it is off, times the slope of its sigmoid. It is the ` +
      "gradient of the bias, too.",
      `δ′${unit} = ∂L/∂z′${unit} = 2/${x.length} · (x̂${unit} − x${unit}) · x̂${unit}(1 − x̂${unit}) ` +
      `= 2/${x.length} · ${factor(value - target)} · ${number(value)} · ${number(1 - value)} ` +
      `= ${number(run.decoderGradient.bias[j], 4)} = ∂L/∂b′${unit}`, { nodes: [[2, j]], loss: true });
  });

  const addGradients = (layer) => {
    const name = names[layer];
    inputs[layer].forEach((value, from) => {
      gradients[layer].bias.forEach((delta, to) => {
        const gradient = gradients[layer].weight[from][to];
        (board.gradients[layer][from] ??= [])[to] = gradient;
        add("backward",
          `The gradient of a weight: what came in at its start, times the blame of ${name.unit} ` +
          `${to + 1} at its end.`,
          `∂L/∂${weightName(layer, from, to)} = ${name.input}${subscript(from + 1)} · ` +
          `${name.delta}${subscript(to + 1)} = ${number(value)} · ${factor(delta, 4)} ` +
          `= ${number(gradient, 4)}`, { arrows: [[layer, from, to]], back: true });
      });
    });
  };
  addGradients(1);

  run.code.values.forEach((value, k) => {
    const unit = subscript(k + 1);
    let blame = 0;
    x.forEach((_, j) => {
      const before = blame;
      const delta = run.decoderGradient.bias[j];
      const weight = decoder.weight[k][j];
      blame += delta * weight;
      add("backward",
        `The blame of output ${j + 1} flows back along the same weight to hidden unit ${k + 1}.`,
        `∂L/∂h${unit} = ${number(before, 4)} + δ′${subscript(j + 1)} · ${weightName(1, k, j)} ` +
        `= ${number(before, 4)} + ${factor(delta, 4)} · ${factor(weight)} = ${number(blame, 4)}`,
        { arrows: [[1, k, j]], back: true });
    });
    board.deltas[0][k] = run.encoderGradient.bias[k];
    add("backward",
      `It passes through the slope of the sigmoid of hidden unit ${k + 1}. The result is the ` +
      "gradient of the bias, too.",
      `δ${unit} = ∂L/∂h${unit} · h${unit}(1 − h${unit}) = ${factor(run.blame[k], 4)} · ` +
      `${number(value)} · ${number(1 - value)} = ${number(run.encoderGradient.bias[k], 4)} ` +
      `= ∂L/∂b${unit}`, { nodes: [[1, k]] });
  });
  addGradients(0);

  const updated = layers.map((layer, at) => descend(layer, gradients[at], rate));
  board.layers = updated;
  const everyArrow = layers.flatMap((layer, at) =>
    layer.weight.flatMap((row, from) => row.map((_, to) => [at, from, to])));
  add("update", "Stochastic gradient descent: every weight and bias takes a step against its gradient.",
    `w ← w − η · ∂L/∂w with η = ${rate}; W₁₁ = ${number(encoder.weight[0][0])} − ${rate} · ` +
    `${factor(gradients[0].weight[0][0], 4)} = ${number(updated[0].weight[0][0])}`,
    { arrows: everyArrow });
  const after = forward(x, ...updated);
  board.sums = [after.code.sums, after.output.sums];
  board.values = [x, after.code.values, after.output.values];
  board.loss = after.loss;
  add("update", `Forward once more: the loss has ${after.loss < run.loss ? "fallen" : "grown"}.`,
    `L = ${number(run.loss, 5)} before, ${number(after.loss, 5)} after`,
    { nodes: x.map((_, j) => [2, j]), loss: true });
  return { steps, run, updated };
}

// The network as SVG, made once; show(step) writes the numbers and marks what the step is about.
function drawNetwork(sizes, { name: shape, width, nodeGap, share: outer }) {
  const rows = Math.max(...sizes);
  const top = nodeGap / 2 - 50;
  const height = (rows - 1) * nodeGap + 126;
  const place = (column, at) =>
    [36 + column * (width / 2 - 36), (rows / 2 + at - (sizes[column] - 1) / 2) * nodeGap];
  const svg = svgElement("svg", {
    viewBox: `0 ${top} ${width} ${height}`, role: "img", class: `aecourse-network aecourse-${shape}`,
    "aria-label": `Network of ${sizes[0]} inputs, ${sizes[1]} hidden units and ${sizes[2]} outputs. ` +
      "The text above says each step; the table below holds all numbers.",
  });
  const text = (x, y, name = "") =>
    svgElement("text", { x, y, "text-anchor": "middle", class: name });
  const lines = svgElement("g");
  const labels = svgElement("g");
  const edges = [];
  for (const layer of [0, 1]) {
    for (let from = 0; from < sizes[layer]; from++) {
      for (let to = 0; to < sizes[layer + 1]; to++) {
        const [x1, y1] = place(layer, from);
        const [x2, y2] = place(layer + 1, to);
        const share = layer === 0 ? outer : 1 - outer;
        const [x, y] = [x1 + share * (x2 - x1), y1 + share * (y2 - y1)];
        const short = (NODE_RADIUS + 2) / Math.hypot(x2 - x1, y2 - y1);
        const ends = [x1 + short * (x2 - x1), y1 + short * (y2 - y1),
          x2 - short * (x2 - x1), y2 - short * (y2 - y1)];
        const edge = { at: `${layer},${from},${to}`, layer, from, to, ends,
          line: svgElement("line"), head: svgElement("path"),
          weight: text(x, y + 1), gradient: text(x, y + 14, "aecourse-gradient") };
        lines.append(edge.line, edge.head);
        labels.append(edge.weight, edge.gradient);
        edges.push(edge);
      }
    }
  }
  const nodes = [];
  sizes.forEach((size, column) => {
    for (let at = 0; at < size; at++) {
      const [x, y] = place(column, at);
      const node = { at: `${column},${at}`, column, unit: at,
        circle: svgElement("circle", { cx: x, cy: y, r: NODE_RADIUS }),
        name: text(x, y - 4), value: text(x, y + 12),
        bias: text(x, y - NODE_RADIUS - 5), delta: text(x, y + NODE_RADIUS + 15, "aecourse-gradient") };
      if (column === 2) {
        for (const label of [node.bias, node.delta]) {
          label.setAttribute("x", width - 2);
          label.setAttribute("text-anchor", "end");
        }
      }
      labels.append(node.circle, node.name, node.value, node.bias, node.delta);
      nodes.push(node);
    }
  });
  const loss = svgElement("text", { x: width - 2, y: top + height - 6, "text-anchor": "end" });
  svg.append(lines, labels, loss);

  const drawArrow = (edge, present, back) => {
    const [x1, y1, x2, y2] = back ? [...edge.ends.slice(2), ...edge.ends.slice(0, 2)] : edge.ends;
    const length = Math.hypot(x2 - x1, y2 - y1);
    const [dx, dy] = [(x2 - x1) / length, (y2 - y1) / length];
    const tip = present ? 12 : 0;
    for (const [name, value] of Object.entries({ x1, y1, x2: x2 - tip * dx, y2: y2 - tip * dy })) {
      edge.line.setAttribute(name, value);
    }
    const [x, y] = [x2 - tip * dx, y2 - tip * dy];
    edge.head.setAttribute("d", present
      ? `M${x2} ${y2}L${x - 8 * dy} ${y + 8 * dx}L${x + 8 * dy} ${y - 8 * dx}Z` : "");
  };

  const show = ({ arrows, nodes: marked, back = false, loss: markLoss = false, board }) => {
    const present = new Set([...arrows, ...marked].map(String));
    for (const edge of edges) {
      const here = present.has(edge.at);
      drawArrow(edge, here, back);
      edge.line.setAttribute("class", here ? `aecourse-present${back ? " aecourse-back" : ""}` : "");
      edge.weight.textContent = number(board.layers[edge.layer].weight[edge.from][edge.to]);
      const gradient = board.gradients[edge.layer][edge.from]?.[edge.to];
      edge.gradient.textContent = gradient === undefined ? "" : `∂ ${number(gradient, 4)}`;
      for (const label of [edge.weight, edge.gradient]) {
        label.classList.toggle("aecourse-strong", here && arrows.length === 1);
      }
    }
    for (const node of nodes) {
      const { column, unit } = node;
      const known = board.values[column][unit];
      const sum = column === 0 ? undefined : board.sums[column - 1][unit];
      const name = known !== undefined || column === 0 ? ["x", "h", "x̂"][column] : ["", "z", "z′"][column];
      node.name.textContent = `${name}${subscript(unit + 1)}`;
      node.value.textContent = number(known ?? sum ?? board.layers[column - 1].bias[unit]);
      node.circle.setAttribute("class", present.has(node.at) ? "aecourse-present" : "");
      if (column > 0) {
        node.bias.textContent = `${column === 1 ? "b" : "b′"} ${number(board.layers[column - 1].bias[unit])}`;
        const delta = board.deltas[column - 1][unit];
        node.delta.textContent =
          delta === undefined ? "" : `${column === 1 ? "δ" : "δ′"} ${number(delta, 4)}`;
      }
    }
    loss.textContent = board.loss === undefined ? "" : `loss L = ${number(board.loss, 5)}`;
    loss.setAttribute("class", markLoss ? "aecourse-strong" : "");
  };
  return { svg, show };
}

function numbersTable({ run, updated }, layers) {
  const body = element("tbody");
  const row = (name, before, gradient, after) => {
    body.append(element("tr", {}, element("th", { scope: "row" }, name),
      ...[before, gradient, after].map((value) => element("td", {}, number(value, 6)))));
  };
  [run.encoderGradient, run.decoderGradient].forEach((gradient, layer) => {
    const prime = layer === 0 ? "" : "′";
    gradient.weight.forEach((slopes, from) => slopes.forEach((slope, to) => {
      row(`W${prime}${subscript(from + 1)}${subscript(to + 1)}`,
        layers[layer].weight[from][to], slope, updated[layer].weight[from][to]);
    }));
    gradient.bias.forEach((slope, to) => {
      row(`b${prime}${subscript(to + 1)}`, layers[layer].bias[to], slope, updated[layer].bias[to]);
    });
  });
  const heads = ["name", "value", "gradient", "after"].map((head) => element("th", { scope: "col" }, head));
  return element("details", {}, element("summary", {}, "All parameters and gradients"),
    element("table", { class: "aecourse-table" }, element("thead", {}, element("tr", {}, ...heads)), body));
}

function render({ model, el }) {
  const x = model.get("x");
  const layers = ["encoder", "decoder"].map((part) =>
    ({ weight: model.get(`${part}_weight`), bias: model.get(`${part}_bias`) }));
  const made = makeSteps(x, ...layers, model.get("learning_rate"));
  const { steps } = made;
  const sizes = [x.length, layers[0].bias.length, x.length];
  const networks = [WIDE, NARROW].map((shape) => drawNetwork(sizes, shape));

  const go = (step) => {
    model.set("step", Math.min(Math.max(step, 0), steps.length - 1));
    model.save_changes();
  };
  const slider = element("input", { type: "range", min: 0, max: steps.length - 1, step: 1,
    oninput: () => go(Number(slider.value)) });
  const button = (label, action) => element("button", { type: "button", onclick: action }, label);
  const jumps = PHASES.map((phase) =>
    button(phase, () => go(steps.findIndex((step) => step.phase === phase))));
  const where = element("p", { class: "aecourse-where" });
  const words = element("p");
  const formula = element("p", { class: "aecourse-formula" });

  el.append(
    element("div", { class: "aecourse-controls" },
      button("Back", () => go(model.get("step") - 1)),
      button("Next", () => go(model.get("step") + 1)),
      element("label", {}, "Step", slider)),
    element("div", { class: "aecourse-controls", role: "group", "aria-label": "Jump to a phase" },
      "Jump to", ...jumps),
    element("div", { class: "aecourse-step" }, where, words, formula),
    element("div", { class: "aecourse-networks" }, ...networks.map(({ svg }) => svg)),
    numbersTable(made, layers));
  const say = announcer(el);

  const show = () => {
    const at = model.get("step");
    const step = steps[at];
    const place = `Step ${at + 1} of ${steps.length}`;
    slider.value = at;
    slider.setAttribute("aria-valuetext", `${place}, ${step.phase}`);
    jumps.forEach((jump) => {
      if (jump.textContent === step.phase) jump.setAttribute("aria-current", "step");
      else jump.removeAttribute("aria-current");
    });
    where.textContent = `${place} · ${step.phase}`;
    words.textContent = step.words;
    formula.textContent = step.formula;
    networks.forEach((network) => network.show(step));
    return `${place}. ${step.words} ${step.formula}`;
  };
  show();
  const update = () => say(show());
  model.on("change:step", update);
  return () => model.off("change:step", update);
}
