import { ChargePointStatus, type ChargePoint } from "../gen/evcharging/types/v1/types_pb";
import { cityOf } from "../shared/format";
import { plain } from "./order";

export type Order = "attention" | "id" | "status" | "power";

export interface NetworkFilter {
  readonly text: string;
  readonly city: string;
  readonly statuses: ReadonlySet<ChargePointStatus>;
}

/** The words of a search, each of which must be found. */
export function wordsOf(text: string): string[] {
  return plain(text).split(/\s+/).filter(Boolean);
}

export function matches(facts: ChargePoint, words: readonly string[], filter: NetworkFilter): boolean {
  if (filter.statuses.size > 0 && !filter.statuses.has(facts.status)) return false;
  if (filter.city !== "" && cityOf(facts.location) !== filter.city) return false;
  if (words.length === 0) return true;
  const searched = plain(`${facts.cpId}\n${facts.location}\n${facts.driverId}`);
  return words.every((word) => searched.includes(word));
}
