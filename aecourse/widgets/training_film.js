function render({ model, el }) {
  const names = model.get("names");
  const epochs = model.get("epochs");
  const losses = model.get("losses");
  const inputs = uint8(model.get("x"));
  const outputs = uint8(model.get("outputs"));
  const filters = uint8(model.get("filters"));
  const count = inputs.length / 784;
  const last = epochs.length - 1;
  const slow = prefersReducedMotion();

  const go = (frame) => { model.set("frame", frame); model.save_changes(); };
  let timer;
  const pause = () => {
    clearInterval(timer);
    timer = undefined;
    button.textContent = "Play";
    say(sentence());
  };
  const step = () => {
    go(Math.min(model.get("frame") + 1, last));
    if (model.get("frame") === last) pause();
  };
  const play = () => {
    if (model.get("frame") === last) go(0);
    timer = setInterval(step, slow ? 2000 : 700);
    button.textContent = "Pause";
  };
  const button = element("button", { type: "button", onclick: () => (timer ? pause() : play()) }, "Play");
  const slider = element("input", { type: "range", min: 0, max: last, step: 1,
    oninput: () => { if (timer) pause(); go(Number(slider.value)); } });
  const where = element("strong", { class: "aecourse-value" });
  el.append(element("div", { class: "aecourse-controls" }, button,
    element("label", {}, "Epoch", slider), where));
  if (slow) el.append(element("p", {}, "Your system asks for less motion: one picture every two seconds."));

  const strip = (label = "") => element("canvas", { role: "img", class: "aecourse-strip", "aria-label": label });
  const input = strip(`${count} test images`);
  paintStrip(input, inputs, count);
  el.append(element("p", {}, "input"), element("div", { class: "aecourse-pair" }, input,
    element("p", {}, "Beside or below each network's outputs: what its hidden units look for. Light adds, " +
      "dark takes away, grey does nothing.")));
  const rows = names.map(() => {
    const row = { title: element("p"), output: strip(), filter: strip() };
    el.append(row.title, element("div", { class: "aecourse-pair" }, row.output, row.filter));
    return row;
  });
  const places = epochs.map((epoch) => (epoch - epochs[0]) / Math.max(1, epochs[last] - epochs[0]));
  const ticks = [];
  places.forEach((place, at) => {
    if (ticks.length === 0 || place - ticks.at(-1)[0] >= 0.15) ticks.push([place, String(epochs[at])]);
  });
  const [chart, markFrame] = lineChart({
    lines: Object.fromEntries(names.map((name, row) => [name, losses[row]])),
    places,
    ticks,
    xlabel: "epoch", ylabel: "squared error per pixel, test images",
    label: `Loss against epoch. ${names.map((name, row) =>
      `${name}: from ${losses[row][0].toPrecision(3)} to ${losses[row][last].toPrecision(3)}`).join("; ")}.`,
  });
  el.append(chart);
  const say = announcer(el);

  const sentence = () => {
    const at = model.get("frame");
    const each = names.map((name, row) => `${name}: loss ${losses[row][at].toFixed(4)}.`);
    return `Epoch ${epochs[at]}. ${each.join(" ")}`;
  };
  const show = () => {
    const at = model.get("frame");
    slider.value = at;
    slider.setAttribute("aria-valuetext", `epoch ${epochs[at]} of ${epochs[last]}`);
    where.textContent = epochs[at] === 0 ? "before training" : `epoch ${epochs[at]}`;
    rows.forEach((row, number) => {
      const start = (number * epochs.length + at) * inputs.length;
      row.title.textContent = `${names[number]} · loss ${losses[number][at].toFixed(4)}`;
      const showStrip = (canvas, bytes, what) => {
        paintStrip(canvas, bytes.subarray(start, start + inputs.length), count);
        canvas.setAttribute("aria-label", `${what}, ${names[number]}, epoch ${epochs[at]}`);
      };
      showStrip(row.output, outputs, "Reconstructions");
      showStrip(row.filter, filters, "Filters");
    });
    markFrame(at);
  };
  show();
  const update = () => { show(); if (!timer) say(sentence()); };
  model.on("change:frame", update);
  return () => { clearInterval(timer); model.off("change:frame", update); };
}
