import { language } from "./text";

/** int64 of the contract, or a number that was reckoned from one. */
export type Whole = bigint | number;

const MICROS = 1_000_000;
const MWH_PER_KWH = 1_000_000;
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

// Making a formatter is slow, and a list of 2,000 rows asks for each of them thousands of times.
const formatters = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>();

function cached<Kept extends Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>(
  key: string,
  make: (tag: string) => Kept,
): Kept {
  // English is the European one: 24 hours, and the day before the month.
  const tag = language() === "es" ? "es-ES" : "en-GB";
  const name = `${tag} ${key}`;
  const made = (formatters.get(name) as Kept | undefined) ?? make(tag);
  formatters.set(name, made);
  return made;
}

function formatNumber(value: number, digits: number): string {
  return cached(
    `number ${digits}`,
    (tag) => new Intl.NumberFormat(tag, { minimumFractionDigits: digits, maximumFractionDigits: digits }),
  ).format(value);
}

/** A whole number of things. */
export function formatCount(count: number): string {
  return formatNumber(count, 0);
}

export function formatMoney(micros: Whole, currency = "EUR", digits = 2): string {
  return cached(
    `money ${currency} ${digits}`,
    (tag) =>
      new Intl.NumberFormat(tag, {
        style: "currency",
        currency: currency || "EUR",
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
      }),
  ).format(Number(micros) / MICROS);
}

export function formatPrice(microsPerKwh: Whole, currency = "EUR"): string {
  // Prices such as 0.4255 are told whole, others with the cents alone.
  const digits = Number(microsPerKwh) % 10_000 === 0 ? 2 : 4;
  return `${formatMoney(microsPerKwh, currency, digits)}/kWh`;
}

export function formatEnergy(mwh: Whole, digits = 2): string {
  return `${formatNumber(Number(mwh) / MWH_PER_KWH, digits)} kWh`;
}

export function formatPower(watts: Whole, digits?: number): string {
  const isWhole = Number(watts) % 1_000 === 0;
  return `${formatNumber(Number(watts) / 1_000, digits ?? (isWhole ? 0 : 1))} kW`;
}

export function formatTime(ms: Whole): string {
  return cached(
    "time",
    (tag) => new Intl.DateTimeFormat(tag, { hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  ).format(Number(ms));
}

export function formatDateTime(ms: Whole): string {
  return cached(
    "date time",
    (tag) =>
      new Intl.DateTimeFormat(tag, {
        day: "numeric",
        month: "short",
        year: "numeric",
        hour: "2-digit",
        minute: "2-digit",
      }),
  ).format(Number(ms));
}

/** A day and a time of the year that is spoken of. */
export function formatDayTime(ms: Whole): string {
  return cached(
    "day time",
    (tag) =>
      new Intl.DateTimeFormat(tag, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }),
  ).format(Number(ms));
}

export function formatMonth(ms: Whole): string {
  return cached("month", (tag) => new Intl.DateTimeFormat(tag, { month: "long", year: "numeric" })).format(
    Number(ms),
  );
}

/** Such as 2 d 4 h, 1 h 05 min, 3 min 20 s, 45 s. */
export function formatDuration(ms: Whole): string {
  const all = Math.max(0, Math.floor(Number(ms) / SECOND_MS));
  const hours = Math.floor(all / 3_600);
  const minutes = Math.floor(all / 60) % 60;
  const seconds = all % 60;
  const padded = (value: number) => String(value).padStart(2, "0");
  if (hours >= 24) {
    return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  }
  if (hours > 0) {
    return `${hours} h ${padded(minutes)} min`;
  }
  return minutes > 0 ? `${minutes} min ${padded(seconds)} s` : `${seconds} s`;
}

/** Such as 5 minutes ago. */
export function formatAgo(ms: Whole, nowMs: Whole): string {
  const relative = cached(
    "ago",
    (tag) => new Intl.RelativeTimeFormat(tag, { numeric: "auto", style: "short" }),
  );
  const agoMs = Math.max(0, Number(nowMs) - Number(ms));
  if (agoMs < MINUTE_MS) {
    return relative.format(-Math.floor(agoMs / SECOND_MS), "second");
  }
  if (agoMs < HOUR_MS) {
    return relative.format(-Math.floor(agoMs / MINUTE_MS), "minute");
  }
  if (agoMs < DAY_MS) {
    return relative.format(-Math.floor(agoMs / HOUR_MS), "hour");
  }
  return relative.format(-Math.floor(agoMs / DAY_MS), "day");
}

/** What follows the last comma of a location; all of it when there is no comma. */
export function cityOf(location: string): string {
  return location.slice(location.lastIndexOf(",") + 1).trim();
}

/** What precedes the last comma of a location; all of it when there is no comma. */
export function streetOf(location: string): string {
  const comma = location.lastIndexOf(",");
  return (comma < 0 ? location : location.slice(0, comma)).trim();
}
