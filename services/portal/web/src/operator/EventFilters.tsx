import { For } from "solid-js";
import { stepText } from "../shared/Status";
import { EVENT_KINDS } from "./events";
import type { EventsView } from "./eventsView";
import { IdFilter } from "./IdFilter";
import { listText } from "./textLists";

export function EventFilters(props: { view: EventsView }) {
  const view = props.view;
  return (
    <div class="filters" role="search">
      <select
        class="filter-input"
        aria-label={listText().kind}
        onChange={(event) => view.setKind(event.currentTarget.value)}
      >
        <option value="">{listText().anyKind}</option>
        <For each={EVENT_KINDS}>
          {(kind) => (
            <option value={kind} selected={kind === view.kind()}>
              {stepText(kind)}
            </option>
          )}
        </For>
      </select>
      <IdFilter label={listText().cpIdHint} value={view.cpId()} onChange={view.setCp} />
      <IdFilter label={listText().driverIdHint} value={view.driverId()} onChange={view.setDriver} />
    </div>
  );
}
