import { Show, type JSX } from "solid-js";
import { createIsAway } from "../shared/connection";
import { formatTime } from "../shared/format";
import { defineText } from "../shared/text";
import { useDriver } from "./context";

const text = defineText({
  en: {
    noConnection: "No connection; trying again.",
    paused: (since: string) =>
      `Live values are paused: messaging is away since ${since}. Starts and stops are kept and go out when it is back.`,
    accountAway: (since: string) =>
      `Your account can't be reached since ${since}. What you see of it may be old; we keep trying.`,
  },
  es: {
    noConnection: "Sin conexión; se vuelve a intentar.",
    paused: (since: string) =>
      `Los valores en vivo están en pausa: la mensajería falta desde ${since}. Los inicios y paradas se guardan y salen cuando vuelva.`,
    accountAway: (since: string) =>
      `No se puede consultar tu cuenta desde las ${since}. Lo que ves de ella puede ser antiguo; seguimos intentándolo.`,
  },
});

/** Says when what the page shows may not be how it is. */
export function Banners(): JSX.Element {
  const { store } = useDriver();
  const isAway = createIsAway(store.connected);
  const pausedSince = () => {
    const messaging = store.messaging();
    return messaging?.isHeard === false ? formatTime(messaging.sinceMs) : undefined;
  };
  const accountAwaySince = () => {
    const account = store.accountState();
    return account?.isCurrent === false ? formatTime(account.sinceMs) : undefined;
  };
  return (
    <div role="status" class="banners no-print">
      <Show when={isAway()}>
        <p class="banner banner-warning">{store.refusal() ?? text().noConnection}</p>
      </Show>
      <Show when={!isAway() && pausedSince()}>
        {(since) => <p class="banner banner-warning">{text().paused(since())}</p>}
      </Show>
      <Show when={!isAway() && accountAwaySince()}>
        {(since) => <p class="banner banner-warning">{text().accountAway(since())}</p>}
      </Show>
    </div>
  );
}
