import { useLocation } from "@solidjs/router";
import { createEffect, createSignal, createUniqueId, on, onCleanup, onMount, Show, type JSX } from "solid-js";
import { NavIcon } from "./NavIcon";
import { shellText } from "./textShell";

/** The ways for which a phone's bar has no room, above it when they are asked for. */
export function RailMore(props: { isWithin: boolean; children: JSX.Element }) {
  let place: HTMLDivElement | undefined;
  let button: HTMLButtonElement | undefined;
  const [isOpen, setIsOpen] = createSignal(false);
  const listId = createUniqueId();
  const location = useLocation();
  createEffect(
    on(
      () => location.pathname,
      () => setIsOpen(false),
    ),
  );
  onMount(() => {
    const closeElsewhere = (event: Event): void => {
      if (event.target instanceof Node && place?.contains(event.target) !== true) setIsOpen(false);
    };
    for (const kind of ["pointerdown", "focusin"]) document.addEventListener(kind, closeElsewhere);
    onCleanup(() => {
      for (const kind of ["pointerdown", "focusin"]) document.removeEventListener(kind, closeElsewhere);
    });
  });

  function closeOnEscape(event: KeyboardEvent): void {
    if (event.key !== "Escape" || !isOpen()) return;
    setIsOpen(false);
    button?.focus();
  }
  return (
    <div class="rail-more" ref={place} onKeyDown={closeOnEscape}>
      <button
        type="button"
        class="rail-link"
        classList={{ "is-within": props.isWithin }}
        ref={button}
        aria-expanded={isOpen()}
        aria-controls={listId}
        onClick={() => setIsOpen((open) => !open)}
      >
        <NavIcon name="more" />
        <span class="rail-name">{shellText().more}</span>
      </button>
      <div id={listId} class="rail-sheet" hidden={!isOpen()}>
        <Show when={isOpen()}>{props.children}</Show>
      </div>
    </div>
  );
}
