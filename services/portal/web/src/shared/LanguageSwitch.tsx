import type { JSX } from "solid-js";
import { defineText, language, setLanguage } from "./text";

const text = defineText({ en: { other: "Español" }, es: { other: "English" } });

/** Goes to the other language. */
export function LanguageSwitch(): JSX.Element {
  const other = () => (language() === "en" ? "es" : "en");
  return (
    <button type="button" class="button button-quiet" lang={other()} onClick={() => setLanguage(other())}>
      {text().other}
    </button>
  );
}
