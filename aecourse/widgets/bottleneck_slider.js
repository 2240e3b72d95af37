function render({ model, el }) {
  const names = model.get("names");
  const sizes = model.get("sizes");
  const errors = model.get("errors");
  const bits = model.get("bits");
  const inputs = uint8(model.get("x"));
  const outputs = uint8(model.get("outputs"));
  const count = inputs.length / 784;
  const numbers = (size) => (size === 1 ? "1 number" : `${size} numbers`);

  const strips = ["input", ...names].map((name) => {
    const canvas = element("canvas", { role: "img", class: "aecourse-strip" });
    const title = element("p", {}, name);
    el.append(title, canvas);
    return { name, title, canvas };
  });
  paintStrip(strips[0].canvas, inputs, count);
  strips[0].canvas.setAttribute("aria-label", `${count} test images`);

  const slider = element("input", { type: "range", min: 0, max: sizes.length - 1, step: 1,
    oninput: () => { model.set("position", Number(slider.value)); model.save_changes(); } });
  const size = element("strong", { class: "aecourse-value" });
  el.prepend(element("div", { class: "aecourse-controls" },
    element("label", {}, "Size of the code", slider), size));

  const head = (text, scope) => element("th", { scope }, text);
  const rows = names.map((name) => [element("td"), element("td"), name]);
  const better = element("p");
  const allErrors = (name, row) =>
    `${name}: ${errors[row].map((error, at) => `${sizes[at]}, ${error.toPrecision(3)}`).join("; ")}.`;
  const [chart, markSize] = lineChart({
    lines: Object.fromEntries(names.map((name, row) => [name, errors[row]])),
    places: sizes.map((_, at) => at / Math.max(1, sizes.length - 1)),
    ticks: sizes.map((value, at) => [at / Math.max(1, sizes.length - 1), String(value)]),
    xlabel: "numbers in the code", ylabel: "squared error per pixel",
    label: `Squared error per pixel against the size of the code. ${names.map(allErrors).join(" ")}`,
  });
  el.append(element("div", { class: "aecourse-pair" },
    element("div", {},
      element("table", { class: "aecourse-table" },
        element("thead", {}, element("tr", {}, ...["method", "error", "bits"].map((text) => head(text, "col")))),
        element("tbody", {}, ...rows.map(([error, cost, name]) =>
          element("tr", {}, head(name, "row"), error, cost)))),
      better,
      element("p", {}, "Error: squared, per pixel, over all test images. Bits: per image; a raw image " +
        `takes ${784 * 8}. ${model.get("note")}`)),
    chart));
  const say = announcer(el);

  const show = () => {
    const at = model.get("position");
    const label = numbers(sizes[at]);
    slider.value = at;
    slider.setAttribute("aria-valuetext", label);
    size.textContent = label;
    names.forEach((name, row) => {
      const strip = strips[row + 1];
      const start = (row * sizes.length + at) * inputs.length;
      paintStrip(strip.canvas, outputs.subarray(start, start + inputs.length), count);
      strip.canvas.setAttribute("aria-label", `The same images by ${name} with ${label}`);
      strip.title.textContent = `${name}, ${label}`;
      rows[row][0].textContent = errors[row][at].toFixed(5);
      rows[row][1].textContent = bits[row][at].toFixed(0);
    });
    const best = errors[0][at] <= errors[1][at] ? 0 : 1;
    const share = 1 - errors[best][at] / errors[1 - best][at];
    better.textContent = `Less error: ${names[best]}, by ${(100 * share).toFixed(0)}\u00a0%.`;
    markSize(at);
    return `${label}. ${names.map((name, row) =>
      `${name}: error ${errors[row][at].toFixed(5)}, ${bits[row][at].toFixed(0)} bits`).join(". ")}.`;
  };
  show();
  const update = () => say(show());
  model.on("change:position", update);
  return () => model.off("change:position", update);
}
