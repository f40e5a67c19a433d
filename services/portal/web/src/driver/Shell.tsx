import { A, useLocation } from "@solidjs/router";
import { createEffect, createMemo, on, Show, type JSX } from "solid-js";
import { formatMoney } from "../shared/format";
import { LanguageSwitch } from "../shared/LanguageSwitch";
import { defineText } from "../shared/text";
import { Banners } from "./Banners";
import { balanceAfter, meterOf } from "./charges";
import { useDriver } from "./context";
import { showFromTop } from "./showFromTop";

const text = defineText({
  en: {
    pages: "Pages",
    charge: "Charge",
    history: "History",
    balance: "Balance",
    signOut: "Sign out",
    blocked: "Your account is blocked: you can't start a charge. Ask the operator.",
    skip: "Skip to the content",
  },
  es: {
    pages: "Páginas",
    charge: "Cargar",
    history: "Historial",
    balance: "Saldo",
    signOut: "Salir",
    blocked: "Tu cuenta está bloqueada: no puedes empezar una carga. Pregunta al operador.",
    skip: "Ir al contenido",
  },
});

/** What is around each page: who is here, the balance, the ways to go and what is wrong now. */
export function Shell(props: { signOut: () => void; children?: JSX.Element }): JSX.Element {
  const { store } = useDriver();
  const balance = createMemo(() => {
    const driver = store.driver();
    const session = store.charge()?.session;
    const spent = session ? meterOf(session, store.reading()).costMicros : 0n;
    return driver && formatMoney(balanceAfter(driver, session, spent), driver.currency);
  });
  createEffect(() => {
    const session = store.charge()?.session;
    document.title = session ? `${session.cpId} · EVCharging` : "EVCharging";
  });

  let content!: HTMLElement;
  const route = useLocation();
  createEffect(
    on(
      () => route.pathname,
      () => showFromTop(content),
      { defer: true },
    ),
  );

  return (
    <>
      <a
        class="skip-link"
        href="#content"
        onClick={(event) => {
          // The router takes clicks on links and would leave the focus here.
          event.preventDefault();
          showFromTop(content);
        }}
      >
        {text().skip}
      </a>
      <header class="shell-header no-print">
        <div class="shell-bar">
          <A href="/" class="shell-brand" aria-label="EVCharging">
            <img src="/logo.svg" alt="" width="32" height="32" />
            <span aria-hidden="true">EVCharging</span>
          </A>
          <nav class="shell-nav" aria-label={text().pages}>
            <A href="/" end class="shell-link">
              <NavIcon path="M13 2 5 13h6l-1 9 9-12h-6.500z" />
              {text().charge}
            </A>
            <A href="/history" class="shell-link">
              <NavIcon path="M6 3h12v18l-3-2-3 2-3-2-3 2zM9.500 8h5M9.500 12h5" />
              {text().history}
            </A>
            <A href="/account" class="shell-link">
              <NavIcon path="M4 7h16v12H4zM4 7l11-4v4M16 13h.5" />
              {text().balance}
            </A>
          </nav>
          <p class="shell-person">
            <Show when={balance()}>
              <A href="/account" class="shell-balance number">
                <span class="visually-hidden">{text().balance} </span>
                {balance()}
              </A>
            </Show>
            <span class="shell-name">{store.driver()?.name || store.driverId}</span>
          </p>
          <button type="button" class="button button-quiet shell-sign-out" onClick={props.signOut}>
            {text().signOut}
          </button>
        </div>
      </header>
      <main ref={content} id="content" class="shell-main" tabindex="-1">
        <Banners />
        <Show when={store.driver()?.blocked}>
          <p class="banner banner-danger no-print">{text().blocked}</p>
        </Show>
        {props.children}
      </main>
      <footer class="shell-footer no-print">
        <LanguageSwitch />
      </footer>
    </>
  );
}

function NavIcon(props: { path: string }): JSX.Element {
  return (
    <svg class="nav-icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={props.path} />
    </svg>
  );
}
