import { createEffect, createResource, For, on, onCleanup, onMount, Show, type JSX } from "solid-js";
import { TopUpState, type TopUp } from "../../gen/evcharging/types/v1/types_pb";
import { driverClient, explain, isSignedOut } from "../../shared/api";
import { formatDayTime, formatMoney } from "../../shared/format";
import { focusIfAwaited } from "../../shared/nextTitle";
import { defineText } from "../../shared/text";
import { balanceAfter, meterOf } from "../charges";
import { useDriver } from "../context";
import { TopUpForm } from "./TopUpForm";

const REFRESH_MS = 5_000;

const text = defineText({
  en: {
    title: "Balance",
    now: "Your balance",
    running: "The charge under way is taken off already.",
    requests: "Your requests",
    none: "You have not asked for money yet.",
    states: {
      [TopUpState.UNSPECIFIED]: "Unknown",
      [TopUpState.REQUESTED]: "Waits for an operator",
      [TopUpState.APPROVED]: "On your balance",
      [TopUpState.DECLINED]: "Declined",
    } as Record<TopUpState, string>,
  },
  es: {
    title: "Saldo",
    now: "Tu saldo",
    running: "La carga en curso ya está descontada.",
    requests: "Tus peticiones",
    none: "Todavía no has pedido dinero.",
    states: {
      [TopUpState.UNSPECIFIED]: "Desconocida",
      [TopUpState.REQUESTED]: "Espera a un operador",
      [TopUpState.APPROVED]: "En tu saldo",
      [TopUpState.DECLINED]: "Rechazada",
    },
  },
});

/** The balance and the requests for money. */
export function AccountPage(): JSX.Element {
  const { store } = useDriver();
  const [topUps, { refetch }] = createResource(async () => {
    try {
      return (await driverClient.listTopUps({})).topUps;
    } catch (error) {
      if (isSignedOut(error)) {
        store.onSignedOut();
      }
      throw error;
    }
  });
  const refresh = () => {
    if (document.visibilityState === "visible") {
      void refetch();
    }
  };
  const timer = setInterval(refresh, REFRESH_MS);
  onCleanup(() => clearInterval(timer));
  createEffect(on(() => store.driver()?.balanceMicros, refresh, { defer: true }));

  const session = () => store.charge()?.session;
  const spent = () => {
    const now = session();
    return now ? meterOf(now, store.reading()).costMicros : 0n;
  };
  const known = () => (topUps.error ? undefined : topUps.latest);

  let titleElement!: HTMLHeadingElement;
  onMount(() => focusIfAwaited(titleElement));

  return (
    <div class="account">
      <h1 ref={titleElement} tabindex="-1">
        {text().title}
      </h1>
      <div class="account-columns">
        <section class="card stack">
          <Show when={store.driver()}>
            {(driver) => (
              <div>
                <p class="muted small">{text().now}</p>
                <p class="account-balance number">
                  {formatMoney(balanceAfter(driver(), session(), spent()), driver().currency)}
                </p>
                <p class="muted">{driver().name}</p>
                <Show when={spent() > 0n && balanceAfter(driver(), session(), 1n) !== driver().balanceMicros}>
                  <p class="muted small">{text().running}</p>
                </Show>
              </div>
            )}
          </Show>
          <TopUpForm onAsked={refresh} />
        </section>
        <section class="card">
          <h2>{text().requests}</h2>
          <Show when={topUps.error}>
            <p class="field-problem" role="alert">
              {explain(topUps.error)}
            </p>
          </Show>
          <Show when={known()?.length === 0}>
            <p class="muted">{text().none}</p>
          </Show>
          <ul class="top-ups">
            <For each={known()}>{(topUp) => <Line topUp={topUp} />}</For>
          </ul>
        </section>
      </div>
    </div>
  );
}

function Line(props: { topUp: TopUp }): JSX.Element {
  const looks: Record<TopUpState, string> = {
    [TopUpState.UNSPECIFIED]: "offline",
    [TopUpState.REQUESTED]: "reserved",
    [TopUpState.APPROVED]: "available",
    [TopUpState.DECLINED]: "out",
  };
  return (
    <li>
      <strong class="number">{formatMoney(props.topUp.amountMicros)}</strong>
      <span class="muted small">{formatDayTime(props.topUp.decidedAtMs ?? props.topUp.requestedAtMs)}</span>
      <span class={`badge badge-${looks[props.topUp.state]}`}>{text().states[props.topUp.state]}</span>
    </li>
  );
}
