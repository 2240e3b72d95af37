// Draw a digit, damage it, and see what the model makes of it. `drawing` is the undamaged image.

const SIDE = 28;

// What a slider of each kind of damage means, as aecourse/corruption.py defines it.
const KINDS = {
  gaussian: { name: "Gaussian noise", amount: "Standard deviation of the noise" },
  masking: { name: "Masking", amount: "Probability that a pixel turns black" },
  salt_and_pepper: { name: "Salt and pepper", amount: "Probability that a pixel is replaced" },
};
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function render({ model, el }) {
  const network = readNetwork(model.get("network"), model.get("weights"));
  const digits = uint8(model.get("digits"));
  const pen = { x: 13, y: 13, down: false };
  const announce = announcer(el);

  // What the reader sees: where to draw …
  const help = element(
    "p",
    { class: "aecourse-help", id: uniqueId() },
    "Draw with mouse or finger, as large as the dashed frame. ",
    "Keys: arrows move the pen, Space puts it down or lifts it.",
  );
  const ink = pictureCanvas(SIDE, SIDE);
  const nib = element("div", { class: "aecourse-nib" });
  const paper = element(
    "div",
    {
      class: "aecourse-paper",
      role: "application",
      tabindex: "0",
      "aria-label": "Paper of 28 by 28 pixels",
      "aria-describedby": help.id,
    },
    ink,
    element("div", { class: "aecourse-frame" }),
    nib,
  );
  const eraser = element("button", { type: "button", "aria-pressed": "false" }, "Eraser");
  const clear = element("button", { type: "button" }, "Clear");
  const choices = element("div", {
    class: "aecourse-choices",
    role: "group",
    "aria-label": "Test digits to start from",
  });

  // … how to damage …
  const kind = element(
    "select",
    {},
    ...Object.entries(KINDS).map(([value, { name }]) => element("option", { value }, name)),
  );
  const range = { min: 0, max: 1, step: 0.05 };
  const amount = labelledRange("", range, (value) => value.toFixed(2));
  const again = element("button", { type: "button" }, "Damage again");

  // … and what comes out.
  const damaged = resultOf("Damaged");
  const restored = resultOf("Output");
  el.append(
    help,
    element(
      "div",
      { class: "aecourse-columns" },
      element(
        "div",
        {},
        element("p", { class: "aecourse-caption" }, "Your digit"),
        paper,
        element("div", { class: "aecourse-buttons" }, eraser, clear),
      ),
      element("div", { class: "aecourse-results" }, damaged.node, restored.node),
    ),
    choices,
    element(
      "div",
      { class: "aecourse-line" },
      element("label", {}, "Damage ", kind),
      amount.node,
      again,
    ),
  );

  // What follows from the state.
  function showDrawing() {
    paintGrey(ink, drawnImage());
    return showDamage();
  }

  function showDamage() {
    const clean = drawnImage();
    const noisy = damage(clean, model.get("kind"), model.get("amount"), model.get("seed"));
    const output = denseForward(network, noisy);
    const told = [damaged.show(noisy, clean), restored.show(output, clean)];
    return told.join(" ");
  }

  function showSettings() {
    kind.value = model.get("kind");
    amount.label.textContent = KINDS[kind.value].amount;
    amount.set(model.get("amount"));
  }

  function showPen() {
    nib.style.left = `${((pen.x + 0.5) / SIDE) * 100}%`;
    nib.style.top = `${((pen.y + 0.5) / SIDE) * 100}%`;
    nib.classList.toggle("aecourse-nib-down", pen.down);
  }

  function drawnImage() {
    return Float32Array.from(uint8(model.get("drawing")), (grey) => grey / 255);
  }

  // What the reader does.
  function save(name, value) {
    model.set(name, value);
    model.save_changes();
  }

  function setDrawing(greys) {
    save("drawing", new DataView(Uint8Array.from(greys).buffer));
  }

  function drawTo(x, y) {
    const erase = eraser.getAttribute("aria-pressed") === "true";
    setDrawing(withStroke(uint8(model.get("drawing")), pen, { x, y }, erase));
  }

  function movePen(x, y) {
    [pen.x, pen.y] = [x, y];
    showPen();
  }

  function pixelAt(event) {
    const box = paper.getBoundingClientRect();
    const x = ((event.clientX - box.left - paper.clientLeft) / paper.clientWidth) * SIDE - 0.5;
    const y = ((event.clientY - box.top - paper.clientTop) / paper.clientHeight) * SIDE - 0.5;
    return [x, y];
  }

  let drawing = false;
  paper.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    drawing = true;
    paper.setPointerCapture(event.pointerId);
    movePen(...pixelAt(event));
    drawTo(pen.x, pen.y);
  });
  paper.addEventListener("pointermove", (event) => {
    if (!drawing) return;
    const [x, y] = pixelAt(event);
    drawTo(x, y);
    movePen(x, y);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    paper.addEventListener(end, () => (drawing = false));
  }
  paper.addEventListener("keydown", (event) => {
    const direction = ARROWS[event.key];
    if (direction) {
      const [x, y] = [pen.x, pen.y].map((value, axis) => {
        return Math.min(SIDE - 1, Math.max(0, Math.round(value) + direction[axis]));
      });
      if (pen.down) drawTo(x, y);
      movePen(x, y);
    } else if (event.key === " ") {
      pen.down = !pen.down;
      if (pen.down) drawTo(pen.x, pen.y);
      showPen();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    const place = `column ${Math.round(pen.x) + 1}, row ${Math.round(pen.y) + 1}`;
    announce(`Pen ${pen.down ? "down" : "up"}, ${place}.`);
  });
  eraser.addEventListener("click", () => {
    eraser.setAttribute("aria-pressed", eraser.getAttribute("aria-pressed") !== "true");
  });
  clear.addEventListener("click", () => setDrawing(new Uint8Array(SIDE * SIDE)));
  for (let start = 0; start < digits.length; start += SIDE * SIDE) {
    const greys = digits.slice(start, start + SIDE * SIDE);
    const picture = pictureCanvas(SIDE, SIDE);
    paintGrey(picture, Float32Array.from(greys, (grey) => grey / 255));
    const name = `Test digit ${start / (SIDE * SIDE) + 1}`;
    const button = element("button", { type: "button", "aria-label": name }, picture);
    button.addEventListener("click", () => setDrawing(greys));
    choices.append(button);
  }
  kind.addEventListener("change", () => save("kind", kind.value));
  amount.input.addEventListener("input", () => save("amount", Number(amount.input.value)));
  again.addEventListener("click", () => save("seed", model.get("seed") + 1));

  const react = {
    "change:drawing": () => {
      const told = showDrawing();
      if (!pen.down) announce(told);
    },
    "change:seed": () => announce(showDamage()),
  };
  react["change:kind"] = react["change:amount"] = () => {
    showSettings();
    announce(showDamage());
  };
  for (const [event, listener] of Object.entries(react)) model.on(event, listener);
  showSettings();
  showPen();
  showDrawing();
  return () => {
    for (const [event, listener] of Object.entries(react)) model.off(event, listener);
  };
}

// A picture with its name above and its error below.
function resultOf(name) {
  const picture = pictureCanvas(SIDE, SIDE, name);
  const error = element("p", { class: "aecourse-error" });
  const node = element(
    "div",
    {},
    element("p", { class: "aecourse-caption" }, name),
    picture,
    error,
  );
  const show = (values, clean) => {
    paintGrey(picture, values);
    const squares = clean.map((value, i) => (value - values[i]) ** 2);
    const mean = squares.reduce((sum, square) => sum + square, 0) / squares.length;
    error.replaceChildren("squared error", element("br"), `per pixel ${mean.toFixed(4)}`);
    return `${name}: squared error per pixel ${mean.toFixed(4)}.`;
  };
  return { node, show };
}

// Damage an image as aecourse/corruption.py does, with this file's own generator.
function damage(clean, kind, amount, seed) {
  const random = uniformNumbers(seed);
  return Float64Array.from(clean, (value) => {
    if (kind === "gaussian") return value + amount * normalNumber(random);
    const drawn = random();
    if (kind === "salt_and_pepper" && drawn < amount / 2) return 1;
    return drawn < amount ? 0 : value;
  });
}

// Uniform numbers in [0, 1): a counter in steps of 2^32 / golden ratio, its bits mixed as
// MurmurHash3 mixes them.
function uniformNumbers(seed) {
  let state = Math.imul(seed + 1, 0x85ebca6b);
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let bits = state;
    bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
  };
}

// A number from N(0, 1), by the method of Box and Muller (1958).
function normalNumber(random) {
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  return radius * Math.cos(2 * Math.PI * random());
}

// Return the image with a stroke from one point to the other: a round pen with a soft edge.
function withStroke(greys, from, to, erase) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const squaredLength = dx * dx + dy * dy || 1;
  return greys.map((grey, i) => {
    const [x, y] = [(i % SIDE) - from.x, Math.floor(i / SIDE) - from.y];
    const t = Math.min(1, Math.max(0, (x * dx + y * dy) / squaredLength));
    const distance = Math.hypot(x - t * dx, y - t * dy);
    const covered = 255 * Math.min(1, Math.max(0, 1.8 - distance));
    return erase ? Math.min(grey, 255 - covered) : Math.max(grey, covered);
  });
}
