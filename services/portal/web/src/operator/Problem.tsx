import { Show } from "solid-js";
import { explain } from "../shared/api";
import { shellText } from "./textShell";

/** What went wrong, if anything did, and the way to ask again. */
export function Problem(props: { error: unknown; onRetry: () => void }) {
  return (
    <Show when={props.error !== undefined}>
      <div class="banner banner-danger" role="alert">
        <span>{explain(props.error)}</span>
        <button type="button" class="button" onClick={() => props.onRetry()}>
          {shellText().retry}
        </button>
      </div>
    </Show>
  );
}
