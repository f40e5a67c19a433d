import { Show, type JSX } from "solid-js";
import { ChargeView } from "./charge/ChargeView";
import { useDriver } from "./context";
import { Picker } from "./picker/Picker";

/** The charge while there is one; else where to charge. */
export function Home(): JSX.Element {
  const { store } = useDriver();
  return (
    <Show when={store.charge()?.session !== undefined} fallback={<Picker />}>
      <ChargeView />
    </Show>
  );
}
