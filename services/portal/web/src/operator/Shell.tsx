import { useLocation, type RouteSectionProps } from "@solidjs/router";
import { createEffect, on } from "solid-js";
import { Banners } from "./Banners";
import { Header } from "./Header";
import { keepPageTitle } from "./pageTitle";
import { Rail } from "./Rail";
import { shellText } from "./textShell";

/** What frames every page. */
export function Shell(props: RouteSectionProps) {
  let content: HTMLElement | undefined;
  keepPageTitle();
  const location = useLocation();
  // Whoever reads by ear or by keyboard begins a new page at its beginning.
  createEffect(
    on(
      () => location.pathname,
      () => content?.focus({ preventScroll: true }),
      { defer: true },
    ),
  );

  function skip(event: MouseEvent): void {
    event.preventDefault();
    content?.focus();
  }
  return (
    <div class="shell">
      <a class="skip-link button button-primary" href="#content" onClick={skip}>
        {shellText().skip}
      </a>
      <Header />
      <Rail />
      <main id="content" class="content" tabindex="-1" ref={content}>
        <Banners />
        {props.children}
      </main>
    </div>
  );
}
