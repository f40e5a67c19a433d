import { ChargePointStatus, type ChargePoint } from "../../gen/evcharging/types/v1/types_pb";
import { cityOf } from "../../shared/format";

/** What a driver looks for. Empty texts and zeros ask for nothing. */
export interface Wish {
  search: string;
  city: string;
  maxPriceMicros: number;
  minPowerW: number;
  onlyAvailable: boolean;
}

export const ANYTHING: Wish = {
  search: "",
  city: "",
  maxPriceMicros: 0,
  minPowerW: 0,
  onlyAvailable: true,
};

/** A city on the plan. */
export interface City {
  name: string;
  /** Those that fit, by id. */
  chargePoints: ChargePoint[];
  /** How many would fit, and how many of them are available now. */
  count: number;
  availableCount: number;
}

const PRICE_STEP_MICROS = 50_000;
const USUAL_POWERS_W = [7_000, 11_000, 22_000, 50_000, 100_000, 150_000, 300_000];

/** Whether a charge point can be asked for. An offline one starts when it connects. */
export function canBeHad(status: ChargePointStatus): boolean {
  return status === ChargePointStatus.AVAILABLE || status === ChargePointStatus.OFFLINE;
}

/** What fits the wish, as one would pick: what is free first, then what is cheap, then what is quick. */
export function choose(all: Iterable<ChargePoint>, wish: Wish): ChargePoint[] {
  const words = plain(wish.search).split(/\s+/).filter(Boolean);
  const fits = (chargePoint: ChargePoint) =>
    (!wish.onlyAvailable || chargePoint.status === ChargePointStatus.AVAILABLE) &&
    (wish.maxPriceMicros === 0 || Number(chargePoint.priceMicrosPerKwh) <= wish.maxPriceMicros) &&
    Number(chargePoint.maxPowerW) >= wish.minPowerW &&
    (wish.city === "" || cityOf(chargePoint.location) === wish.city) &&
    (words.length === 0 || holds(chargePoint, words));
  return Array.from(all).filter(fits).sort(compare);
}

function holds(chargePoint: ChargePoint, words: string[]): boolean {
  const told = plain(`${chargePoint.cpId} ${chargePoint.location}`);
  return words.every((word) => told.includes(word));
}

/** Lower case without accents, so that `malaga` finds Málaga. */
function plain(words: string): string {
  return words
    .normalize("NFD")
    .replace(/\p{Diacritic}/gu, "")
    .toLowerCase();
}

function compare(left: ChargePoint, right: ChargePoint): number {
  return (
    rank(left.status) - rank(right.status) ||
    Number(left.priceMicrosPerKwh - right.priceMicrosPerKwh) ||
    Number(right.maxPowerW - left.maxPowerW) ||
    byName(left.cpId, right.cpId)
  );
}

function rank(status: ChargePointStatus): number {
  return status === ChargePointStatus.AVAILABLE ? 0 : status === ChargePointStatus.OFFLINE ? 1 : 2;
}

const collator = new Intl.Collator(undefined, { numeric: true });

export function byName(left: string, right: string): number {
  return collator.compare(left, right);
}

/** What fits, by city, in the order of their names. `fitting` counts whatever the status. */
export function byCity(chargePoints: ChargePoint[], fitting: ChargePoint[]): City[] {
  const cities = new Map<string, City>();
  for (const chargePoint of chargePoints) {
    const name = cityOf(chargePoint.location);
    const city = cities.get(name);
    if (city) {
      city.chargePoints.push(chargePoint);
    } else {
      cities.set(name, { name, chargePoints: [chargePoint], count: 0, availableCount: 0 });
    }
  }
  for (const { location, status } of fitting) {
    const city = cities.get(cityOf(location));
    if (city) {
      city.count += 1;
      city.availableCount += status === ChargePointStatus.AVAILABLE ? 1 : 0;
    }
  }
  const all = [...cities.values()].sort((left, right) => byName(left.name, right.name));
  all.forEach((city) => city.chargePoints.sort((left, right) => byName(left.cpId, right.cpId)));
  return all;
}

/** The cities, prices and powers that make a difference here. */
export function choicesOf(all: ChargePoint[]): { cities: string[]; prices: number[]; powers: number[] } {
  const prices = all.map((chargePoint) => Number(chargePoint.priceMicrosPerKwh));
  const powers = all.map((chargePoint) => Number(chargePoint.maxPowerW));
  const lowest = Math.min(...prices);
  const highest = Math.max(...prices);
  const steps: number[] = [];
  for (let step = PRICE_STEP_MICROS; step < highest; step += PRICE_STEP_MICROS) {
    if (step >= lowest) {
      steps.push(step);
    }
  }
  return {
    cities: [...new Set(all.map((chargePoint) => cityOf(chargePoint.location)))].sort(byName),
    prices: steps,
    powers: USUAL_POWERS_W.filter((power) => power > Math.min(...powers) && power <= Math.max(...powers)),
  };
}
