// The investor's first page: fetch figures, say the sentence, draw the pictures, and hand one proof to the panel that checks it.

import { dayBars, moneyBars, powerCurve } from "./charts.js";
import { $, el, table } from "./dom.js";
import { NBSP, clock, dateAt, dayName, kwh, measuredShare, money, short, span, spoken, watts, zone } from "./figures.js";
import { showProof, showUnchecked } from "./proof_panel.js";
import { decodeReading } from "./verifier/verify.js";

const EARNING = ["generation", "export", "import"];
const REFRESH_MS = 15_000;
const PAGES_MAX = 12;

const query = new URLSearchParams(location.search);
const state = { holder: query.get("holder") ?? "", day: null, meter: null, readings: [], watts: [], picked: -1, proof: null, altered: false };

async function get(path) {
  const response = await fetch(`/v1${path}`, { headers: { accept: "application/json" } });
  const body = await response.json();
  if (!response.ok) throw Object.assign(new Error(body.error.message), { code: body.error.code });
  return body;
}

async function all(path) {
  const items = [];
  let cursor = null;
  for (let page = 0; page < PAGES_MAX; page++) {
    const mark = path.includes("?") ? "&" : "?";
    const part = await get(cursor ? `${path}${mark}cursor=${cursor}` : path);
    items.push(...part.items);
    cursor = part.next;
    if (!cursor) break;
  }
  return items;
}

function complain(error) {
  $("notice").hidden = false;
  $("notice").textContent = `This page could not be completed: ${error.message}`;
}

function remember() {
  const search = new URLSearchParams();
  if (state.holder) search.set("holder", state.holder);
  const reading = state.readings[state.picked];
  if (reading) search.set("reading", `${reading.header_hash}/${reading.position}`);
  history.replaceState(null, "", search.size ? `?${search}` : location.pathname);
}

// ---------------------------------------------------------------- the sentence

const sum = (items, field) => items.reduce((total, item) => total + BigInt(item[field]), 0n);

function energySentence(periods, meters) {
  const energy = kwh(sum(periods, "export_wh"));
  const share = measuredShare(sum(periods, "measured_wh"), sum(periods, "estimated_wh"));
  const earning = meters.filter((meter) => EARNING.includes(meter.role)).length;
  return `${energy}${NBSP}kWh from ${earning}${NBSP}${earning === 1 ? "meter" : "meters"}${share === null ? "" : `, ${share}${NBSP}% measured`}.`;
}

function sentence() {
  const { asset, periods, meters, mine } = state;
  const { symbol, decimals } = asset.money;
  const heading = $("sentence");
  const more = $("sentence-more");
  const amount = (minor) => el("strong", { title: `${money(minor, decimals)} ${symbol}` }, `${spoken(minor, decimals)} ${symbol}`);
  if (!periods.length) {
    heading.replaceChildren(`${asset.name} has not settled its first day yet.`);
    more.replaceChildren("Readings are coming in; a day settles once every meter has reported past its end.");
    return;
  }
  if (!mine) {
    const whole = span(periods[0].from_day, periods.at(-1).to_day);
    heading.replaceChildren(`${asset.name} paid `, amount(asset.totals.paid_minor), ` to its holders for ${whole}. `, energySentence(periods, meters));
    more.replaceChildren("Choose who you are, above, to read what you received.");
    return;
  }
  const settled = mine.periods.filter((period) => period.settled).map((period) => period.period);
  const paidFor = periods.filter((period) => settled.includes(period.period));
  const owed = BigInt(mine.owed_minor);
  if (paidFor.length) {
    const during = span(paidFor[0].from_day, paidFor.at(-1).to_day);
    heading.replaceChildren("You received ", amount(mine.paid_minor), ` for ${during}. `, energySentence(paidFor, meters));
  } else {
    heading.replaceChildren("You have received nothing yet", ...(owed > 0n ? ["; ", amount(owed), " is yours to claim"] : []), ". ", energySentence(periods, meters));
  }
  const shares = BigInt(mine.shares);
  const held = `You hold ${shares} ${shares === 1n ? "share" : "shares"}.`;
  const claimable = `${money(owed, decimals)}${NBSP}${symbol}`;
  if (owed === 0n) more.replaceChildren(held, " Nothing that is funded is still owed to you.");
  else if (paidFor.length) more.replaceChildren(held, ` Another ${claimable} is yours and funded; it waits to be claimed.`);
  else more.replaceChildren(held, ` Exactly ${claimable} is funded and waits for your claim.`);
}

function mineTable() {
  const { asset, mine } = state;
  $("mine").hidden = !mine;
  if (!mine) return;
  const { symbol, decimals } = asset.money;
  $("mine-lead").textContent =
    "A period pays by share-days: the shares you held at the end of each of its days, out of everybody\u2019s. What was funded, times your share-days, divided by all share-days, is yours.";
  const rows = mine.periods.map((p) => [
    span(p.from_day, p.to_day), `${p.share_days} of ${p.total_share_days}`, money(p.funded_minor, decimals), money(p.earned_minor, decimals), p.settled ? "paid" : BigInt(p.earned_minor) ? "to claim" : "not funded",
  ]);
  const total = ["Paid so far", "", "", money(mine.paid_minor, decimals), `owed ${money(mine.owed_minor, decimals)}`];
  $("mine-table").replaceChildren(table(["Period", "Your share-days", `Funded, ${symbol}`, `Yours, ${symbol}`, ""], rows, total));
}

// ---------------------------------------------------------------- pictures

function transaction(hash) {
  if (!hash) return "\u2014";
  const url = state.asset.explorer_url?.replace("{tx}", hash);
  return url ? el("a", { href: url, rel: "noreferrer", title: hash }, short(hash)) : el("code", { title: hash }, short(hash));
}

const labels = (day) => [...new Set(day.notes.map((note) => `${note.label} ${note.subject}`.trim()))].join(", ") || "\u2014";

function drawDays() {
  const days = state.days.map((day) => {
    const earning = day.points.filter((point) => EARNING.includes(point.role) && point.role !== "import");
    const measured = sum(earning, "measured_wh");
    const estimated = sum(earning, "estimated_wh");
    return { key: day.day, label: dayName(day.day).replace(/ (\w{3})\w*/, " $1"), measured: Number(measured) / 1000, estimated: Number(estimated) / 1000, text: kwh(measured + estimated), day };
  });
  if (!days.length) {
    $("days-chart").replaceChildren(el("p", { className: "muted" }, "No day is settled yet."));
    return;
  }
  const check = state.days.flatMap((day) => day.points).filter((point) => point.role === "check");
  $("days-lead").textContent = `Settled energy of all points that earn${check.length ? "; the check meter is compared, never paid" : ""}. Choose a day to see its power.`;
  dayBars($("days-chart"), days, state.day, pickDay);
  const points = state.days[0].points.map((point) => point.point);
  const rows = state.days.map((day) => [dayName(day.day), ...points.map((id) => kwh(day.points.find((p) => p.point === id)?.export_wh ?? 0, 3)), labels(day)]);
  const heads = state.days[0].points.map((point) => `${point.point}${point.role === "check" ? " (check)" : ""}`);
  $("days-table").replaceChildren(table(["kWh", ...heads, "Labels of validation"], rows));
}

/** What a period's report says is for the holders, and whether that is decided. */
function declared(period) {
  const amount = money(period.declared_minor, state.asset.money.decimals);
  if (!period.report || period.report.state === "final") return amount;
  const at = Date.parse(period.report.decided_at) / 1000;
  const when = `${dayName(dateAt(at, state.asset.utc_offset_s))}, ${clock(at, state.asset.utc_offset_s)}`;
  const note = { pending: `may be disputed until ${when}`, disputed: `disputed, void from ${when}`, void: "void: disputed and not answered" }[period.report.state];
  return el("span", {}, amount, el("small", { className: "undecided" }, note));
}

function drawMoney() {
  const { symbol, decimals } = state.asset.money;
  const totals = state.asset.totals;
  $("money-lead").textContent = `${money(totals.declared_minor, decimals, 2)} declared, ${money(totals.funded_minor, decimals, 2)} funded, ${money(totals.paid_minor, decimals, 2)} paid, in ${symbol}.`;
  if (!state.periods.length) {
    $("money-chart").replaceChildren(el("p", { className: "muted" }, "No payout period is settled yet."));
    return;
  }
  const tokens = (minor) => Number(BigInt(minor)) / 10 ** decimals;
  const shown = state.periods.map((p) => ({
    label: dayName(p.from_day).replace(/ (\w{3})\w*/, " $1"),
    declared: tokens(p.declared_minor), funded: tokens(p.funded_minor), paid: tokens(p.paid_minor),
    declaredText: money(p.declared_minor, decimals), fundedText: money(p.funded_minor, decimals), paidText: money(p.paid_minor, decimals),
  }));
  moneyBars($("money-chart"), shown, symbol);
  const rows = state.periods.map((p) => [span(p.from_day, p.to_day), money(p.gross_minor, decimals), declared(p), money(p.funded_minor, decimals), money(p.paid_minor, decimals), transaction(p.report?.tx ?? p.declare_tx)]);
  const total = ["Together", money(sum(state.periods, "gross_minor"), decimals), money(totals.declared_minor, decimals), money(totals.funded_minor, decimals), money(totals.paid_minor, decimals), ""];
  $("money-table").replaceChildren(table([symbol, "Earned", "Declared", "Funded", "Paid", "Declared in"], rows, total));
}

function drawPower() {
  const offset = state.asset.utc_offset_s;
  const day = state.days.find((one) => one.day === state.day);
  const meter = state.meters.find((one) => one.id === state.meter);
  if (!state.readings.length || !meter) return;
  const from = day ? Date.parse(day.start) / 1000 : Date.parse(state.readings[0].time) / 1000;
  const to = day ? Date.parse(day.end) / 1000 : from + 86_400;
  const stated = state.readings.some((reading) => reading.power_w !== null);
  $("power-title").textContent = `Power on ${dayName(state.day ?? dateAt(from, offset))}`;
  $("power-lead").textContent = `${state.readings.length} signed readings of ${meter.serial}, one every ${Math.round(state.asset.poll_interval_s / 60)} minutes, at ${zone(offset)}. ${stated ? "Power is shown, never paid: money comes from the registers." : "This meter states no power; shown is the mean since the reading before, from its registers."}`;
  powerCurve($("power-chart"), state.readings.map((r, i) => ({ time: Date.parse(r.time) / 1000, power: state.watts[i], absent: r.basis === "absent" })), {
    from, to, picked: state.picked, clock: (time) => clock(time, offset), onPick: pickReading,
  });
  const slider = $("pick");
  slider.disabled = false;
  slider.max = String(state.readings.length - 1);
  slider.value = String(state.picked);
  slider.setAttribute("aria-valuetext", readingName(state.readings[state.picked]));
}

function drawMeters() {
  $("meters").replaceChildren(...state.meters.map((meter) => {
    const chip = el("button", { type: "button", title: `${meter.point}: ${meter.custody_words}` }, meter.role === "check" ? `${meter.serial} (check)` : meter.serial);
    chip.setAttribute("aria-pressed", String(meter.id === state.meter));
    chip.addEventListener("click", () => pickMeter(meter.id).catch(complain));
    return chip;
  }));
}

const readingName = (reading) => {
  if (!reading) return "";
  const instant = Date.parse(reading.time) / 1000;
  return `${dayName(dateAt(instant, state.asset.utc_offset_s))}, ${clock(instant, state.asset.utc_offset_s)}`;
};

// ---------------------------------------------------------------- choosing

async function loadReadings() {
  const day = state.days.find((one) => one.day === state.day);
  const within = day ? `&from=${day.start}&to=${day.end}` : "";
  state.readings = await all(`/assets/${state.asset.id}/meters/${state.meter}/readings?limit=1000${within}`);
  state.watts = watts(state.readings);
}

function brightest() {
  let best = 0;
  state.watts.forEach((power, i) => {
    if ((power ?? -1) > (state.watts[best] ?? -1)) best = i;
  });
  return best;
}

async function pickMeter(id) {
  const time = state.readings[state.picked]?.time;
  state.meter = id;
  await loadReadings();
  const same = state.readings.findIndex((reading) => reading.time === time);
  drawMeters();
  await pickReading(same >= 0 ? same : brightest());
}

function pickDay(day) {
  state.day = day;
  drawDays();
  $("days-chart").querySelector('[aria-pressed="true"]')?.focus();
  loadReadings().then(() => pickReading(brightest())).catch(complain);
}

async function pickReading(index) {
  state.picked = index;
  state.altered = false;
  drawPower();
  remember();
  const reading = state.readings[index];
  if (!reading) return;
  const path = `/assets/${state.asset.id}/readings/${reading.header_hash}/${reading.position}/proof`;
  $("proof-download").hidden = false;
  $("proof-download").href = `/v1${path}`;
  $("proof-download").download = `proof-${reading.header_hash.slice(2, 14)}-${reading.position}.json`;
  try {
    const proof = await get(path);
    if (state.picked !== index) return;
    state.proof = proof;
    await check();
  } catch (error) {
    state.proof = null;
    showUnchecked(`This reading cannot be checked: ${error.message}`);
  }
}

const check = () => showProof(state.proof, { altered: state.altered, name: readingName(state.readings[state.picked]) });

// ---------------------------------------------------------------- start

function holders() {
  const select = $("holder");
  select.replaceChildren(el("option", { value: "" }, "choose a holder"), ...state.asset.holders.map((address, i) => el("option", { value: address, title: address }, `Holder ${i + 1}, ${short(address)}`)));
  const known = state.asset.holders.find((address) => address.toLowerCase() === state.holder.toLowerCase());
  state.holder = known ?? "";
  select.value = state.holder;
}

async function loadFigures(asset) {
  const [meters, days, periods] = await Promise.all([get(`/assets/${asset.id}/meters`), all(`/assets/${asset.id}/days`), all(`/assets/${asset.id}/periods`)]);
  Object.assign(state, { asset, meters: meters.items, days, periods });
  holders();
  state.mine = state.holder ? await get(`/assets/${asset.id}/holders/${state.holder}/entitlements`) : null;
}

function drawFigures() {
  const { asset } = state;
  document.title = `${asset.name} \u00b7 helioracle`;
  $("asset-name").textContent = asset.name;
  $("custody-words").textContent = asset.custody.words;
  $("checkpoint-link").href = `/v1/assets/${asset.id}/log/checkpoint`;
  const anchored = state.periods.at(-1);
  $("log-line").textContent = `${asset.totals.readings.toLocaleString("en")} signed readings in ${asset.totals.batches.toLocaleString("en")} batches${anchored ? `; the log stood at ${anchored.log_size.toLocaleString("en")} entries when period ${anchored.period} was settled` : ""}. Chain ${asset.chain_id}.`;
  sentence();
  mineTable();
  drawDays();
  drawMoney();
}

async function chooseFirstReading() {
  const wanted = /^(0x[0-9a-f]{64})\/(\d{1,4})$/.exec(query.get("reading") ?? "");
  const declared = state.periods.filter((period) => period.state === "declared").at(-1);
  state.day = (state.days.find((day) => day.day === declared?.from_day) ?? state.days.at(-1))?.day ?? null;
  const earning = state.meters.filter((meter) => EARNING.includes(meter.role));
  const first = earning.find((meter) => meter.last_reading?.power_w != null) ?? earning[0] ?? state.meters[0];
  if (!first) return;
  state.meter = first.id;
  if (wanted) {
    const proof = await get(`/assets/${state.asset.id}/readings/${wanted[1]}/${wanted[2]}/proof`);
    const told = decodeReading(proof.reading.record, proof.reading.profile);
    state.meter = proof.key.meter_id;
    state.day = state.days.find((day) => Date.parse(day.start) / 1000 <= Number(told.time) && Number(told.time) < Date.parse(day.end) / 1000)?.day ?? state.day;
  }
  await loadReadings();
  drawMeters();
  drawDays();
  const at = wanted ? state.readings.findIndex((reading) => reading.header_hash === wanted[1] && String(reading.position) === wanted[2]) : -1;
  if (state.readings.length) await pickReading(at >= 0 ? at : brightest());
}

async function refresh() {
  if (document.hidden) return;
  const asset = await get(`/assets/${state.asset.id}`);
  if (JSON.stringify(asset) === JSON.stringify(state.asset)) return;
  const first = state.picked < 0;
  await loadFigures(asset);
  drawFigures();
  if (first) await chooseFirstReading();
}

async function start() {
  showUnchecked("A lamp is grey until this browser has checked it.");
  const { items } = await get("/assets");
  await loadFigures(await get(`/assets/${items[0].id}`));
  drawFigures();
  await chooseFirstReading();
  $("main").dataset.state = "ready";
}

$("holder").addEventListener("change", async (event) => {
  state.holder = event.target.value;
  remember();
  try {
    await loadFigures(state.asset);
    drawFigures();
  } catch (error) {
    complain(error);
  }
});
$("tamper").addEventListener("click", () => {
  state.altered = !state.altered;
  check().catch(complain);
});
$("pick").addEventListener("input", (event) => {
  state.picked = Number(event.target.value);
  drawPower();
});
$("pick").addEventListener("change", (event) => pickReading(Number(event.target.value)));
let drawnWidth = 0;
new ResizeObserver(([{ contentRect }]) => {
  // Only another width changes a picture; an opened table makes the page longer and nothing else.
  if (!state.asset || contentRect.width === drawnWidth) return;
  drawnWidth = contentRect.width;
  drawDays();
  drawMoney();
  drawPower();
}).observe($("main"));
start().catch((error) => {
  $("main").dataset.state = "failed";
  $("sentence").textContent = "The figures are not there yet.";
  complain(error);
});
setInterval(() => state.asset && refresh().catch(() => {}), REFRESH_MS);
