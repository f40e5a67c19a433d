import { createSignal } from "solid-js";

export type Language = "en" | "es";

const STORAGE_KEY = "evcharging.language";

const [current, setCurrent] = createSignal<Language>(preferred());
document.documentElement.lang = current();

/** The language of the page. */
export const language = current;

export function setLanguage(chosen: Language): void {
  localStorage.setItem(STORAGE_KEY, chosen);
  document.documentElement.lang = chosen;
  setCurrent(chosen);
}

/** Texts in each language. What English has, Spanish must have, or the page does not compile. */
export function defineText<Texts>(texts: { en: Texts; es: NoInfer<Texts> }): () => Texts {
  return () => texts[current()];
}

function preferred(): Language {
  const chosen = localStorage.getItem(STORAGE_KEY);
  if (chosen === "en" || chosen === "es") {
    return chosen;
  }
  const spoken = navigator.languages.map((tag) => tag.slice(0, 2));
  return spoken.find((tag) => tag === "en" || tag === "es") ?? "en";
}
