import {
  createEffect,
  createSignal,
  createUniqueId,
  For,
  onCleanup,
  onMount,
  Show,
  type JSX,
} from "solid-js";
import { Portal } from "solid-js/web";
import { defineText } from "./text";

const TOAST_MS = 6_000;

const text = defineText({
  en: { close: "Close", notices: "Notices" },
  es: { close: "Cerrar", notices: "Avisos" },
});

/** A dialog over the page. Its content exists while it is open; the focus goes back to where it was. */
export function Dialog(props: {
  open: boolean;
  onClose: () => void;
  title: string;
  children: JSX.Element;
}): JSX.Element {
  return (
    <Show when={props.open}>
      <Portal>
        <OpenDialog onClose={props.onClose} title={props.title}>
          {props.children}
        </OpenDialog>
      </Portal>
    </Show>
  );
}

function OpenDialog(props: { onClose: () => void; title: string; children: JSX.Element }): JSX.Element {
  const titleId = createUniqueId();
  let dialog!: HTMLDialogElement;
  const before = document.activeElement;
  // A press on the dialog's own padding or scrollbar also lands on the dialog, so only its place tells.
  let beganOutside = false;
  const isOutside = ({ clientX, clientY }: MouseEvent) => {
    const { left, right, top, bottom } = dialog.getBoundingClientRect();
    return clientX < left || clientX > right || clientY < top || clientY > bottom;
  };

  createEffect(() => {
    if (!dialog.open) {
      dialog.showModal();
    }
  });
  onCleanup(() => {
    dialog.close();
    if (before instanceof HTMLElement) {
      before.focus();
    }
  });

  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby={titleId}
      on:cancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
      on:pointerdown={(event) => (beganOutside = event.target === dialog && isOutside(event))}
      on:click={(event) => {
        if (beganOutside && event.target === dialog && isOutside(event)) {
          props.onClose();
        }
        beganOutside = false;
      }}
    >
      <div class="dialog-content">
        <header class="dialog-header">
          <h2 id={titleId}>{props.title}</h2>
          <button type="button" class="button button-icon" aria-label={text().close} onClick={props.onClose}>
            <svg viewBox="0 0 16 16" aria-hidden="true" class="status-icon">
              <path d="M3.5 3.5l9 9M12.5 3.5l-9 9" />
            </svg>
          </button>
        </header>
        {props.children}
      </div>
    </dialog>
  );
}

export type ToastKind = "info" | "success" | "danger";

interface Toast {
  id: number;
  text: string;
  kind: ToastKind;
}

const [toasts, setToasts] = createSignal<Toast[]>([]);
let lastToastId = 0;
let place: HTMLDivElement | undefined;

/** Says something at the edge of the page for some seconds. */
export function toast(said: string, kind: ToastKind = "info"): void {
  lastToastId += 1;
  const id = lastToastId;
  setToasts((before) => [...before.slice(-3), { id, text: said, kind }]);
  if (place && document.querySelector("dialog[open]")) {
    // Shown anew it lies over a dialog that was opened since.
    place.hidePopover?.();
    place.showPopover?.();
  }
  setTimeout(() => setToasts((before) => before.filter((kept) => kept.id !== id)), TOAST_MS);
}

/** Where toasts are shown: once in each page. It is open from the beginning, or its first text would not be read out. */
export function Toasts(): JSX.Element {
  onMount(() => place?.showPopover?.());
  return (
    <div
      ref={place}
      class="toasts"
      popover="manual"
      role="status"
      aria-live="polite"
      aria-label={text().notices}
    >
      <For each={toasts()}>{(shown) => <p class={`toast toast-${shown.kind}`}>{shown.text}</p>}</For>
    </div>
  );
}
