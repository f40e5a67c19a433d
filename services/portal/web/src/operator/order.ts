import { language } from "../shared/text";

/** Ids in the order that people expect: CP-2 before CP-10. */
const idCollator = new Intl.Collator("en", { numeric: true });
export const compareIds = (one: string, other: string): number => idCollator.compare(one, other);

/** Names in the order of the page's language. */
export function nameOrder(): (one: string, other: string) => number {
  return new Intl.Collator(language()).compare;
}

/** What a search compares: without capitals and accents, which few people type. */
export function plain(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
