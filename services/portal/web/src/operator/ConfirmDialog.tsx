import { createSignal, Show, type JSX } from "solid-js";
import { explain } from "../shared/api";
import { Dialog, toast } from "../shared/Dialog";
import { shellText } from "./textShell";

/** Asks before something is done, does it, and says that it is done. What goes wrong stands in the dialog, to try again. */
export function ConfirmDialog(props: {
  title: string;
  onClose: () => void;
  /** Says what was done. */
  onConfirm: () => Promise<string>;
  isDangerous?: boolean;
  isBlocked?: boolean;
  children: JSX.Element;
}) {
  const [isBusy, setIsBusy] = createSignal(false);
  const [problem, setProblem] = createSignal("");

  async function confirm(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (isBusy() || props.isBlocked === true) return;
    setIsBusy(true);
    setProblem("");
    try {
      toast(await props.onConfirm(), "success");
      props.onClose();
    } catch (error) {
      setProblem(explain(error));
      setIsBusy(false);
    }
  }
  return (
    <Dialog open onClose={props.onClose} title={props.title}>
      <form class="stack" onSubmit={(event) => void confirm(event)}>
        {props.children}
        <Show when={problem()}>
          <p class="banner banner-danger" role="alert">
            {problem()}
          </p>
        </Show>
        <div class="row dialog-actions">
          <button type="button" class="button" onClick={() => props.onClose()}>
            {shellText().cancel}
          </button>
          <button
            type="submit"
            class="button"
            classList={{ "button-danger": props.isDangerous, "button-primary": !props.isDangerous }}
            disabled={isBusy() || props.isBlocked}
          >
            {shellText().confirm}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
