import { createSignal, onCleanup, type Accessor } from "solid-js";

/** Whether a media query holds, told anew whenever that changes. */
export function createMedia(words: string): Accessor<boolean> {
  const query = matchMedia(words);
  const [holds, setHolds] = createSignal(query.matches);
  const changed = () => setHolds(query.matches);
  query.addEventListener("change", changed);
  onCleanup(() => query.removeEventListener("change", changed));
  return holds;
}
