import { Show } from "solid-js";
import { useOperator } from "./context";
import { ExportSessions } from "./ExportSessions";
import "./lists.css";
import { Loading } from "./Loading";
import { Problem } from "./Problem";
import { SessionDialog } from "./SessionDialog";
import { SessionFilters } from "./SessionFilters";
import { SessionTable } from "./SessionTable";
import { createSessionsView } from "./sessionsView";
import { listText } from "./textLists";
import { shellText } from "./textShell";

/** As many as the page lists at most. */
const MAX_ROWS = 10_000;

export function SessionsPage() {
  const { network } = useOperator();
  const view = createSessionsView(network);
  const pages = view.pages;
  const none = () => {
    if (pages.hasMore()) return listText().noneLoaded(pages.rows().length);
    return view.isAll() || view.isFiltered() ? listText().noSessions : listText().noOpenSessions;
  };
  return (
    <div class="list-page">
      <header class="page-head">
        <h1>{shellText().sessions}</h1>
        <div class="segmented" role="group" aria-label={listText().which}>
          <button type="button" aria-pressed={!view.isAll()} onClick={() => view.showAll(false)}>
            {listText().open}
          </button>
          <button type="button" aria-pressed={view.isAll()} onClick={() => view.showAll(true)}>
            {listText().allSessions}
          </button>
        </div>
      </header>
      <SessionFilters view={view} />
      <Problem error={pages.error()} onRetry={() => void pages.reload()} />
      <Show when={pages.isLoaded()} fallback={<Show when={pages.error() === undefined}>{<Loading />}</Show>}>
        <Show when={view.shown().length > 0} fallback={<p class="empty">{none()}</p>}>
          <SessionTable sessions={view.shown()} onOpen={view.open} />
        </Show>
      </Show>
      <footer class="list-foot">
        <p class="muted small number">{listText().loaded(view.shown().length, pages.rows().length)}</p>
        <Show when={pages.hasMore() && pages.rows().length < MAX_ROWS}>
          <button
            type="button"
            class="button"
            disabled={pages.isLoading()}
            onClick={() => void pages.loadMore()}
          >
            {shellText().loadMore}
          </button>
          <button
            type="button"
            class="button"
            disabled={pages.isLoading()}
            onClick={() => void pages.loadUpTo(MAX_ROWS)}
          >
            {listText().loadAll}
          </button>
        </Show>
        <ExportSessions view={view} maxRows={MAX_ROWS} />
      </footer>
      <Show when={view.openedId()} keyed>
        {(sessionId) => <SessionDialog sessionId={sessionId} onClose={() => view.open("")} />}
      </Show>
    </div>
  );
}
