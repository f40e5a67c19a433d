import { createSignal, Match, Show, Switch } from "solid-js";
import type { Driver } from "../gen/evcharging/types/v1/types_pb";
import { BlockDialog } from "./BlockDialog";
import { useOperator } from "./context";
import { createDriversView, MAX_DRIVERS } from "./driversView";
import { DriverTable } from "./DriverTable";
import "./lists.css";
import { Loading } from "./Loading";
import { Problem } from "./Problem";
import { listText } from "./textLists";
import { shellText } from "./textShell";
import { TopUpDialog } from "./TopUpDialog";
import { TopUpRequests } from "./TopUpRequests";

export function DriversPage() {
  const { network } = useOperator();
  const view = createDriversView(network);
  const [blocking, setBlocking] = createSignal<Driver>();
  const [toppingUp, setToppingUp] = createSignal<Driver>();
  return (
    <div class="list-page">
      <header class="page-head">
        <h1>{shellText().drivers}</h1>
        <p class="muted page-note number" role="status">
          {listText().drivers(view.shown().length, view.pages.rows().length)}
        </p>
      </header>
      <TopUpRequests onDecided={() => void view.pages.refresh()} />
      <div class="filters" role="search">
        <input
          type="search"
          class="filter-input filter-search"
          aria-label={shellText().search}
          placeholder={listText().driverSearchHint}
          value={view.text()}
          onInput={(event) => view.setText(event.currentTarget.value)}
        />
        <label class="check">
          <input
            type="checkbox"
            checked={view.isOnlyBlocked()}
            onChange={(event) => view.setIsOnlyBlocked(event.currentTarget.checked)}
          />
          {listText().onlyBlocked}
        </label>
      </div>
      <Problem error={view.pages.error()} onRetry={() => void view.load()} />
      <Switch>
        <Match when={view.shown().length > 0}>
          <DriverTable view={view} onBlock={setBlocking} onTopUp={setToppingUp} />
        </Match>
        <Match when={view.pages.isLoaded()}>
          <p class="empty">{listText().noDrivers}</p>
        </Match>
        <Match when={view.pages.error() === undefined}>
          <Loading />
        </Match>
      </Switch>
      <Show when={view.pages.hasMore() && view.pages.rows().length >= MAX_DRIVERS}>
        <p class="muted small">{listText().tooManyDrivers}</p>
      </Show>
      <Show when={blocking()} keyed>
        {(driver) => (
          <BlockDialog driver={driver} onDone={view.learn} onClose={() => setBlocking(undefined)} />
        )}
      </Show>
      <Show when={toppingUp()} keyed>
        {(driver) => (
          <TopUpDialog driver={driver} onDone={view.learn} onClose={() => setToppingUp(undefined)} />
        )}
      </Show>
    </div>
  );
}
