import type { NavIconName } from "./NavIcon";

export interface Place {
  readonly path: string;
  readonly name: NavIconName;
}

/** The pages of an operator, those that are looked at most often first. */
export const PLACES: readonly Place[] = [
  { path: "/", name: "network" },
  { path: "/sessions", name: "sessions" },
  { path: "/drivers", name: "drivers" },
  { path: "/events", name: "events" },
  { path: "/charts", name: "charts" },
  { path: "/services", name: "services" },
  { path: "/dead-letters", name: "deadLetters" },
];

export function placeOf(path: string): Place | undefined {
  return PLACES.find((place) => place.path === path);
}
