import { Match, Show, Switch } from "solid-js";
import { ActivityPanel } from "./ActivityPanel";
import { useOperator } from "./context";
import { Loading } from "./Loading";
import "./network.css";
import { NetworkFilters } from "./NetworkFilters";
import { NetworkTable } from "./NetworkTable";
import { createNetworkView } from "./networkView";
import { networkText } from "./textNetwork";
import { shellText } from "./textShell";
import { TileGrid } from "./TileGrid";

export function NetworkPage() {
  const { network } = useOperator();
  const view = createNetworkView(network);
  return (
    <div class="network" classList={{ "is-table": view.isTable() }}>
      <section class="network-main" aria-labelledby="network-title">
        <h1 id="network-title" class="visually-hidden">
          {shellText().network}
        </h1>
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
