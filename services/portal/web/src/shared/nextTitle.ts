let isAwaited = false;

/** The page is about to become another one, and whoever can't see it wants to hear which. */
export function awaitTitle(): void {
  isAwaited = true;
}

/** Moves the focus to a new page's title when what had it has gone. A page that was just opened keeps its own. */
export function focusIfAwaited(title: HTMLElement): void {
  if (isAwaited) {
    isAwaited = false;
    title.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }
}

/** The focus found its place in another way. */
export function titleWasFocused(): void {
  isAwaited = false;
}
