import { createSignal } from "solid-js";
import { toast } from "../shared/Dialog";
import { saveSessions } from "./saveLists";
import type { SessionsView } from "./sessionsView";
import { listText } from "./textLists";
import { shellText } from "./textShell";

/** Saves every session that matches, so it loads first what is not loaded yet. */
export function ExportSessions(props: { view: SessionsView; maxRows: number }) {
  const [isBusy, setIsBusy] = createSignal(false);
  const pages = () => props.view.pages;

  async function save(): Promise<void> {
    setIsBusy(true);
    await pages().loadUpTo(props.maxRows);
    setIsBusy(false);
    const sessions = props.view.shown();
    if (pages().hasMore()) toast(listText().savedPart(pages().rows().length), "danger");
    if (sessions.length > 0) saveSessions(sessions);
  }
  return (
    <button
      type="button"
      class="button"
      disabled={isBusy() || pages().isLoading() || (props.view.shown().length === 0 && !pages().hasMore())}
      onClick={() => void save()}
    >
      {shellText().exportCsv}
    </button>
  );
}
