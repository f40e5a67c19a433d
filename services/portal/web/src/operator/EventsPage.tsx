import { Show } from "solid-js";
import { useOperator } from "./context";
import { EventFilters } from "./EventFilters";
import { EventTable } from "./EventTable";
import { createEventsView } from "./eventsView";
import "./lists.css";
import { Loading } from "./Loading";
import { Problem } from "./Problem";
import { saveEvents } from "./saveLists";
import { listText } from "./textLists";
import { shellText } from "./textShell";

export function EventsPage() {
  const { network } = useOperator();
  const view = createEventsView(network);
  const pages = view.pages;
  return (
    <div class="list-page">
      <header class="page-head">
        <h1>{shellText().events}</h1>
      </header>
      <EventFilters view={view} />
      <Problem error={pages.error()} onRetry={() => void pages.reload()} />
      <Show
        when={pages.isLoaded() || view.shown().length > 0}
        fallback={<Show when={pages.error() === undefined}>{<Loading />}</Show>}
      >
        <Show
          when={view.shown().length > 0}
          fallback={
            <p class="empty">
              {pages.hasMore() ? listText().noneLoaded(view.loaded().length) : listText().noEvents}
            </p>
          }
        >
          <EventTable events={view.shown()} />
        </Show>
      </Show>
      <footer class="list-foot">
        <p class="muted small number">{listText().loaded(view.shown().length, view.loaded().length)}</p>
        <Show when={pages.hasMore()}>
          <button
            type="button"
            class="button"
            disabled={pages.isLoading()}
            onClick={() => void pages.loadMore()}
          >
            {listText().loadOlder}
          </button>
        </Show>
        <button
          type="button"
          class="button"
          disabled={view.shown().length === 0}
          onClick={() => saveEvents(view.shown())}
        >
          {shellText().exportCsv}
        </button>
      </footer>
    </div>
  );
}
