import { Match, Switch, type JSX } from "solid-js";
import { defineText } from "../shared/text";
import { ChargeView } from "./charge/ChargeView";
import { useDriver } from "./context";
import { Picker } from "./picker/Picker";
import { RequestCard } from "./RequestCard";

const text = defineText({
  en: { loading: "Looking up your account…" },
  es: { loading: "Consultando tu cuenta…" },
});

/** The charge while there is one; else where to charge. */
export function Home(): JSX.Element {
  const { store } = useDriver();
  return (
    <Switch
      fallback={
        <div class="picker">
          {/* A request that a reload goes on with is told of meanwhile. */}
          <RequestCard />
          <p class="empty" role="status">
            {text().loading}
          </p>
        </div>
      }
    >
      <Match when={store.charge()?.session !== undefined}>
        <ChargeView />
      </Match>
      <Match when={store.isReady()}>
        <Picker />
      </Match>
    </Switch>
  );
}
