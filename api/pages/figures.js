// How amounts, energies and times read: pure functions on decimal strings and BigInt, so that no amount ever becomes a float.

/** A decimal string of base units with every decimal the token has, or cut down to `places` (towards zero). */
export function money(minor, decimals, places = decimals) {
  const value = BigInt(minor);
  const sign = value < 0n ? "\u2212" : "";
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals).replace(/\B(?=(\d{3})+$)/g, ",");
  const fraction = decimals ? digits.slice(-decimals).slice(0, places) : "";
  return sign + whole + (fraction ? `.${fraction}` : "");
}

/** An amount for a sentence: cents, but never '0.00' for something that is not nothing. */
export function spoken(minor, decimals) {
  const cents = 10n ** BigInt(Math.max(decimals - 2, 0));
  const small = BigInt(minor) !== 0n && BigInt(minor) < cents;
  return money(minor, decimals, small ? decimals : 2);
}

/** Watt-hours as kWh with one decimal, cut. */
export function kwh(wh, places = 1) {
  return money(wh, 3, places);
}

/** The measured part in per cent with one decimal, cut, so that '100 %' means all of it. */
export function measuredShare(measured, estimated) {
  const all = BigInt(measured) + BigInt(estimated);
  if (all === 0n) return null;
  if (BigInt(estimated) === 0n) return "100";
  return money((BigInt(measured) * 1000n) / all, 1);
}

// A number and its unit, a day and its month stay on one line.
export const NBSP = "\u00a0";

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/** '3 July' of an ISO date. */
export function dayName(iso) {
  const [, month, day] = iso.split("-").map(Number);
  return `${day} ${MONTHS[month - 1]}`;
}

/** The last day before an exclusive ISO end. */
export function dayBefore(iso) {
  return new Date(Date.parse(`${iso}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
}

/** 'July 2026' for a whole month, else '1 to 3 July 2026': how people name a span [from, to). */
export const span = (from, to) => spanned(from, to).replaceAll(" ", NBSP);

function spanned(from, to) {
  const last = dayBefore(to);
  const [year, month, day] = from.split("-").map(Number);
  const [lastYear, lastMonth, lastDay] = last.split("-").map(Number);
  const named = `${MONTHS[lastMonth - 1]} ${lastYear}`;
  if (from === last) return `${lastDay} ${named}`;
  if (year === lastYear && month === lastMonth) return day === 1 && to.endsWith("-01") ? named : `${day} to ${lastDay} ${named}`;
  return `${day} ${MONTHS[month - 1]}${year === lastYear ? "" : ` ${year}`} to ${lastDay} ${named}`;
}

const two = (value) => String(value).padStart(2, "0");

/** Clock time at a fixed offset of unix seconds. */
export function clock(instant, offsetS) {
  const local = new Date((instant + offsetS) * 1000);
  return `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}`;
}

/** ISO date at a fixed offset of unix seconds. */
export const dateAt = (instant, offsetS) => new Date((instant + offsetS) * 1000).toISOString().slice(0, 10);

/** 'UTC+08:00'. */
export function zone(offsetS) {
  const minutes = Math.abs(offsetS) / 60;
  return `UTC${offsetS < 0 ? "\u2212" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** '0x12345678…abcd'. */
export const short = (hex) => (hex.length > 16 ? `${hex.slice(0, 8)}\u2026${hex.slice(-4)}` : hex);

/**
 * Watts for each reading: the power it states, else (a meter that states none) the mean since the reading before, from its registers.
 * Null where there is neither. Geometry only: money never comes from power.
 */
export function watts(readings) {
  const mean = (earlier, later) => {
    if (!earlier?.export_wh || !later?.export_wh) return null;
    const seconds = (Date.parse(later.time) - Date.parse(earlier.time)) / 1000;
    return seconds > 0 ? (Number(BigInt(later.export_wh) - BigInt(earlier.export_wh)) * 3600) / seconds : null;
  };
  return readings.map((reading, i) => reading.power_w ?? mean(readings[i ? i - 1 : 0], readings[i || 1]));
}
