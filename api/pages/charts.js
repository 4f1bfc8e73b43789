// The three pictures, drawn as SVG. Geometry may use floats; what is written beside it never does.

const NS = "http://www.w3.org/2000/svg";

function svg(name, attributes = {}, text = "") {
  const node = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text) node.textContent = text;
  return node;
}

function canvas(box, label) {
  const width = Math.max(box.clientWidth, 240);
  const height = Math.max(box.clientHeight, 140);
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": label });
  box.replaceChildren(root);
  return { root, width, height };
}

/** A round number at or above `value`, whose half is round too. */
function roundUp(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].map((step) => step * power).find((step) => step >= value);
}

function grid(root, left, right, top, bottom, max, unit) {
  for (const part of [0, 0.5, 1]) {
    const y = bottom - (bottom - top) * part;
    root.append(svg("line", { class: "grid", x1: left, x2: right, y1: y, y2: y }));
    root.append(svg("text", { x: left - 8, y: y + 4, "text-anchor": "end" }, part ? String(+(max * part).toPrecision(3)) : "0"));
  }
  root.append(svg("text", { x: left - 8, y: top - 12, "text-anchor": "end" }, unit));
}

/** Bars per day; `days` = [{key, label, measured, estimated, text}] in kWh; `onPick(key)` when one is chosen. */
export function dayBars(box, days, picked, onPick) {
  const { root, width, height } = canvas(box, "Production per day, kWh");
  const [left, right, top, bottom] = [46, width - 4, 30, height - 26];
  const max = roundUp(Math.max(...days.map((day) => day.measured + day.estimated)));
  grid(root, left, right, top, bottom, max, "kWh");
  const step = (right - left) / days.length;
  const bar = Math.min(step * 0.62, 84);
  days.forEach((day, i) => {
    const x = left + step * i + (step - bar) / 2;
    const tall = ((bottom - top) * day.measured) / max;
    const extra = ((bottom - top) * day.estimated) / max;
    const group = svg("g", { class: "day", role: "button", tabindex: "0", "aria-pressed": String(day.key === picked), "aria-label": `${day.label}: ${day.text} kWh` });
    // The whole column takes the click, not only the bar.
    group.append(svg("rect", { x: left + step * i, y: top, width: step, height: bottom - top, fill: "transparent" }));
    group.append(svg("rect", { class: "measured", x, y: bottom - tall, width: bar, height: tall, rx: 4 }));
    if (extra > 0) group.append(svg("rect", { class: "estimated", x, y: bottom - tall - Math.max(extra, 2), width: bar, height: Math.max(extra, 2) }));
    if (step > 38) group.append(svg("text", { class: "strong", x: x + bar / 2, y: bottom - tall - extra - 8, "text-anchor": "middle" }, day.text));
    if (step > 48 || i % Math.ceil(48 / step) === 0) group.append(svg("text", { x: x + bar / 2, y: height - 6, "text-anchor": "middle" }, day.label));
    group.addEventListener("click", () => onPick(day.key));
    group.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      onPick(day.key);
    });
    root.append(group);
  });
}

/** Three bars a period side by side; `periods` = [{label, declared, funded, paid}] in whole tokens. */
export function moneyBars(box, periods, symbol) {
  const { root, width, height } = canvas(box, `Declared, funded and paid per period, ${symbol}`);
  const [left, right, top, bottom] = [46, width - 4, 44, height - 26];
  const max = roundUp(Math.max(...periods.flatMap((p) => [p.declared, p.funded, p.paid])));
  grid(root, left, right, top, bottom, max, symbol);
  ["declared", "funded", "paid"].forEach((name, i) => {
    root.append(svg("rect", { class: name, x: left + 46 + i * 92, y: 2, width: 12, height: 12, rx: 3 }));
    root.append(svg("text", { x: left + 64 + i * 92, y: 13 }, name));
  });
  const step = (right - left) / periods.length;
  const bar = Math.min(step * 0.24, 34);
  periods.forEach((period, i) => {
    const middle = left + step * (i + 0.5);
    ["declared", "funded", "paid"].forEach((name, n) => {
      const tall = ((bottom - top) * period[name]) / max;
      const rect = svg("rect", { class: name, x: middle + (n - 1.5) * (bar + 3), y: bottom - tall, width: bar, height: tall, rx: 3 });
      rect.append(svg("title", {}, `${period.label}, ${name}: ${period[`${name}Text`]} ${symbol}`));
      root.append(rect);
    });
    if (step > 48 || i % Math.ceil(48 / step) === 0) root.append(svg("text", { x: middle, y: height - 6, "text-anchor": "middle" }, period.label));
  });
}

/** The power curve of one meter on one day; `points` = [{time, power|null, absent}]; a click picks the nearest reading's index. */
export function powerCurve(box, points, { from, to, clock, picked, onPick }) {
  const { root, width, height } = canvas(box, "Power through the day, kW");
  const [left, right, top, bottom] = [46, width - 6, 28, height - 26];
  const kilowatts = points.map((point) => (point.power === null ? null : point.power / 1000));
  const max = roundUp(Math.max(0.001, ...kilowatts.filter((value) => value !== null)));
  const x = (time) => left + ((time - from) / (to - from)) * (right - left);
  const y = (value) => bottom - (Math.max(value, 0) / max) * (bottom - top);
  grid(root, left, right, top, bottom, max, "kW");
  const every = width < 560 ? 6 : 3;
  for (let hour = 0; hour <= 24; hour += every) {
    const time = from + hour * 3600;
    const anchor = hour === 0 ? "start" : hour === 24 ? "end" : "middle";
    root.append(svg("text", { x: x(time), y: height - 6, "text-anchor": anchor }, hour === 24 ? "24:00" : clock(time)));
  }
  // An absent reading breaks the line and is shaded: nothing is drawn over a hole.
  let run = [];
  const runs = [run];
  points.forEach((point, i) => {
    if (kilowatts[i] === null) {
      run = [];
      runs.push(run);
      if (point.absent) root.append(svg("rect", { class: "gap", x: x(point.time) - 2, y: top, width: 4, height: bottom - top }));
    } else {
      run.push([x(point.time), y(kilowatts[i])]);
    }
  });
  for (const part of runs.filter((part) => part.length)) {
    const line = part.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(" ");
    root.append(svg("polygon", { class: "area", points: `${part[0][0].toFixed(1)},${bottom} ${line} ${part.at(-1)[0].toFixed(1)},${bottom}` }));
    root.append(svg("polyline", { class: "curve", points: line }));
  }
  const shown = points[picked];
  if (shown) {
    const at = x(shown.time);
    root.append(svg("line", { class: "pin", x1: at, x2: at, y1: top, y2: bottom }));
    root.append(svg("circle", { class: "dot", cx: at, cy: y(kilowatts[picked] ?? 0), r: 5.5 }));
    const near = at > right - 120 ? ["end", -10] : ["start", 10];
    const text = shown.absent ? "no answer" : kilowatts[picked] === null ? "power not stated" : `${kilowatts[picked].toFixed(2)} kW`;
    root.append(svg("text", { class: "strong", x: at + near[1], y: top - 8, "text-anchor": near[0] }, `${clock(shown.time)}  ${text}`));
  }
  const catcher = svg("rect", { class: "power", x: left, y: top, width: right - left, height: bottom - top, fill: "transparent" });
  catcher.addEventListener("click", (event) => {
    const box_ = root.getBoundingClientRect();
    const time = from + (((event.clientX - box_.left) * (width / box_.width) - left) / (right - left)) * (to - from);
    let best = 0;
    points.forEach((point, i) => {
      if (Math.abs(point.time - time) < Math.abs(points[best].time - time)) best = i;
    });
    onPick(best);
  });
  root.append(catcher);
}
