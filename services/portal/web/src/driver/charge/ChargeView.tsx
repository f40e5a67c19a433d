import { createEffect, createMemo, Match, on, Show, Switch, type JSX } from "solid-js";
import { SessionState, type Session } from "../../gen/evcharging/types/v1/types_pb";
import { SessionBadge, sessionName } from "../../shared/Status";
import { defineText } from "../../shared/text";
import { isOpen, meterOf } from "../charges";
import { useDriver } from "../context";
import { RequestCard } from "../RequestCard";
import { showFromTop } from "../showFromTop";
import { Actions } from "./Actions";
import { Ended } from "./Ended";
import { ErrorBanner } from "./ErrorBanner";
import { Meters } from "./Meters";
import { PowerCurve } from "./PowerCurve";
import { Progress } from "./Progress";
import { Steps } from "./Steps";

const text = defineText({
  en: {
    charging: (cpId: string) => `Charging at ${cpId}`,
    reserved: (cpId: string) => `${cpId} is reserved for you`,
    starting: (cpId: string) => `Starting at ${cpId}`,
    stopping: (cpId: string) => `Stopping at ${cpId}`,
    plugIn: "Plug in, then start.",
    waitForStart: "The charge point is asked to begin.",
    waitForEnd: "The charge point sends its last reading.",
  },
  es: {
    charging: (cpId: string) => `Cargando en ${cpId}`,
    reserved: (cpId: string) => `${cpId} está reservado para ti`,
    starting: (cpId: string) => `Empezando en ${cpId}`,
    stopping: (cpId: string) => `Terminando en ${cpId}`,
    plugIn: "Conecta el vehículo y empieza.",
    waitForStart: "Se ha pedido al punto de carga que empiece.",
    waitForEnd: "El punto de carga envía su última lectura.",
  },
});

/** The charge as it happens, and how it ended. */
export function ChargeView(): JSX.Element {
  const { store } = useDriver();
  const session = () => store.charge()?.session;
  return (
    <Show when={session()}>
      {(now) => (
        <>
          <p class="visually-hidden" role="status">
            {now().cpId}: {sessionName(now().state)}
          </p>
          <Show when={isOpen(now())} fallback={<Ended session={now()} />}>
            <UnderWay session={now()} />
          </Show>
        </>
      )}
    </Show>
  );
}

function UnderWay(props: { session: Session }): JSX.Element {
  const { store, requests } = useDriver();
  let title!: HTMLHeadingElement;
  const meter = createMemo(() => meterOf(props.session, store.reading()));
  const isSupplied = () =>
    props.session.state === SessionState.CHARGING || props.session.state === SessionState.STOPPING;

  // While all goes well the charge itself says how its request stands.
  const hasRequestNews = () => {
    const progress = requests.progress();
    return progress && progress.kind !== "granted" && (progress.kind !== "sending" || progress.isTroubled);
  };

  createEffect(
    on(
      () => props.session.sessionId,
      () => showFromTop(title),
    ),
  );

  return (
    <div class="charge">
      <Show when={hasRequestNews()}>
        <RequestCard />
      </Show>
      <Show when={store.cpError()}>{(error) => <ErrorBanner error={error()} />}</Show>
      <header class="charge-head">
        <SessionBadge state={props.session.state} />
        <h1 ref={title} tabindex="-1">
          {titleOf(props.session)}
        </h1>
        <p class="muted">{store.chargePoints()?.get(props.session.cpId)?.location}</p>
        <Switch>
          <Match when={props.session.state === SessionState.RESERVED}>
            <p>{text().plugIn}</p>
          </Match>
          <Match when={props.session.state === SessionState.STARTING}>
            <p>{text().waitForStart}</p>
          </Match>
          <Match when={props.session.state === SessionState.STOPPING}>
            <p>{text().waitForEnd}</p>
          </Match>
        </Switch>
      </header>
      <div class="charge-columns">
        <div class="stack charge-main">
          <Show when={isSupplied()}>
            <section class="card charge-hero">
              <Meters session={props.session} meter={meter()} />
              <Progress session={props.session} meter={meter()} />
            </section>
          </Show>
          <Actions session={props.session} />
        </div>
        <div class="stack charge-side">
          <Show when={isSupplied()}>
            <PowerCurve />
          </Show>
          <Steps />
        </div>
      </div>
    </div>
  );
}

function titleOf(session: Session): string {
  switch (session.state) {
    case SessionState.RESERVED:
      return text().reserved(session.cpId);
    case SessionState.STARTING:
      return text().starting(session.cpId);
    case SessionState.STOPPING:
      return text().stopping(session.cpId);
    default:
      return text().charging(session.cpId);
  }
}
