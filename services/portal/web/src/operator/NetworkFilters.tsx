import { For, Show } from "solid-js";
import { StatusIcon, statusLook, statusName } from "../shared/Status";
import { useOperator } from "./context";
import type { NetworkView } from "./networkView";
import { STATUS_ORDER } from "./statusOrder";
import { networkText } from "./textNetwork";
import { shellText } from "./textShell";

export function NetworkFilters(props: { view: NetworkView }) {
  const { network } = useOperator();
  const view = props.view;
  return (
    <div class="filters" role="search">
      <input
        type="search"
        class="filter-input filter-search"
        aria-label={shellText().search}
        placeholder={networkText().searchHint}
        value={view.filter().text}
        onInput={(event) => view.setText(event.currentTarget.value)}
      />
      <select
        class="filter-input"
        aria-label={networkText().city}
        value={view.filter().city}
        onChange={(event) => view.setCity(event.currentTarget.value)}
      >
        <option value="">{networkText().everyCity}</option>
        <For each={view.cities()}>
          {(city) => (
            <option value={city} selected={city === view.filter().city}>
              {city}
            </option>
          )}
        </For>
      </select>
      <select
        class="filter-input"
        aria-label={networkText().order}
        value={view.order()}
        onChange={(event) => view.setOrder(event.currentTarget.value)}
      >
        <option value="attention">{networkText().byAttention}</option>
        <option value="id">{networkText().byId}</option>
        <option value="status">{networkText().byStatus}</option>
        <option value="power">{networkText().byPower}</option>
      </select>
      <div class="segmented" role="group" aria-label={networkText().view}>
        <button type="button" aria-pressed={!view.isTable()} onClick={() => view.setTable(false)}>
          {networkText().tiles}
        </button>
        <button type="button" aria-pressed={view.isTable()} onClick={() => view.setTable(true)}>
          {networkText().table}
        </button>
      </div>
      <p class="filter-count small muted number" role="status">
        {networkText().shown(view.shown().length, network.chargePoints().length)}
      </p>
      <div class="chips" role="group" aria-label={networkText().statusFilter}>
        <For each={STATUS_ORDER}>
          {(status) => (
            <button
              type="button"
              class={`chip look-${statusLook(status)}`}
              aria-pressed={view.filter().statuses.has(status)}
              onClick={() => view.toggleStatus(status)}
            >
              <StatusIcon look={statusLook(status)} />
              {statusName(status)} <strong class="number">{network.counts().get(status) ?? 0}</strong>
            </button>
          )}
        </For>
        <Show when={view.isFiltered()}>
          <button type="button" class="chip chip-clear" onClick={view.clear}>
            {networkText().clear}
          </button>
        </Show>
      </div>
    </div>
  );
}
