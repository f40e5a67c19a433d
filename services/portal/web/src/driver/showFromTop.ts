import { titleWasFocused } from "../shared/nextTitle";

/** The page became another one: it is shown from its top, and whoever can't see it hears where it is now. */
export function showFromTop(landmark: HTMLElement): void {
  titleWasFocused();
  landmark.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}
