import { createSignal } from "solid-js";

/** The same width as in shell.css. */
const query = window.matchMedia("(max-width: 760px)");
const [narrow, setNarrow] = createSignal(query.matches);
query.addEventListener("change", () => setNarrow(query.matches));

/** A phone, or a window as narrow as one. */
export const isNarrow = narrow;
