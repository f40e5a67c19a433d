import { Match, Show, Switch } from "solid-js";
import { ACTIVITY_ID, ActivityPanel } from "./ActivityPanel";
import { useOperator } from "./context";
import { Loading } from "./Loading";
import "./network.css";
import { NetworkFilters } from "./NetworkFilters";
import { NetworkTable } from "./NetworkTable";
import { createNetworkView } from "./networkView";
import { networkText } from "./textNetwork";
import { shellText } from "./textShell";
import { TileGrid } from "./TileGrid";

function skip(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById(ACTIVITY_ID)?.focus();
}

export function NetworkPage() {
  const { network } = useOperator();
  const view = createNetworkView(network);
  return (
    <div class="network" classList={{ "is-table": view.isTable() }}>
      <section class="network-main" aria-labelledby="network-title">
        <h1 id="network-title" class="visually-hidden">
          {shellText().network}
        </h1>
        <a class="skip-link skip-activity button button-primary" href={`#${ACTIVITY_ID}`} onClick={skip}>
          {shellText().skipToActivity}
        </a>
        <NetworkFilters view={view} />
        <Switch>
          <Match when={!network.isLoaded()}>
            <Loading />
          </Match>
          <Match when={network.chargePoints().length === 0}>
            <div class="empty">
              <p>{networkText().empty}</p>
              <p class="small">{networkText().emptyHint}</p>
            </div>
          </Match>
          <Match when={view.shown().length === 0}>
            <div class="empty">
              <p>{networkText().none}</p>
              <button type="button" class="button" onClick={view.clear}>
                {networkText().clear}
              </button>
            </div>
          </Match>
          <Match when={network.isLoaded()}>
            <Show when={view.isTable()} fallback={<TileGrid chargePoints={view.shown()} />}>
              <NetworkTable chargePoints={view.shown()} />
            </Show>
          </Match>
        </Switch>
      </section>
      <ActivityPanel />
    </div>
  );
}
