import { Match, Show, Switch, type JSX } from "solid-js";
import { SessionState, type Session } from "../../gen/evcharging/types/v1/types_pb";
import { formatDuration, formatTime } from "../../shared/format";
import { defineText } from "../../shared/text";
import { useDriver } from "../context";

const text = defineText({
  en: {
    startCharging: "Start charging",
    starting: "Starting…",
    giveBack: "Give back",
    stopCharging: "Stop charging",
    stopping: "Stopping…",
    heldFor: "Held for you for",
    until: (time: string) => `until ${time}`,
    notSent: "Not sent yet: the network can't be reached. We keep trying.",
  },
  es: {
    startCharging: "Empezar a cargar",
    starting: "Empezando…",
    giveBack: "Devolver",
    stopCharging: "Parar la carga",
    stopping: "Parando…",
    heldFor: "Guardado para ti durante",
    until: (time: string) => `hasta las ${time}`,
    notSent: "Aún sin enviar: no se puede contactar con la red. Seguimos intentándolo.",
  },
});

/** What the driver can do with the charge under way. */
export function Actions(props: { session: Session }): JSX.Element {
  const { orders, requests } = useDriver();
  const isAsked = (kind: "start" | "stop") => {
    const order = orders.order();
    return order?.kind === kind && order.sessionId === props.session.sessionId;
  };
  // The request that reserved goes on to start by itself.
  const startsItself = () => {
    const progress = requests.progress();
    return progress?.kind === "sending" && progress.request.requestId === props.session.requestId;
  };
  const isStarting = () => isAsked("start") || startsItself();

  return (
    <section class="stack actions">
      <Show when={orders.order()?.isTroubled}>
        <p class="banner banner-warning" role="status">
          {text().notSent}
        </p>
      </Show>
      <Switch>
        <Match when={props.session.state === SessionState.RESERVED}>
          <Countdown untilMs={Number(props.session.reservedUntilMs)} />
          <button
            type="button"
            class="button button-primary button-large"
            disabled={isStarting()}
            onClick={() => orders.start(props.session)}
          >
            {isStarting() ? text().starting : text().startCharging}
          </button>
          <button
            type="button"
            class="button button-large"
            disabled={isAsked("stop")}
            onClick={() => orders.stop(props.session)}
          >
            {text().giveBack}
          </button>
        </Match>
        <Match
          when={
            props.session.state === SessionState.CHARGING || props.session.state === SessionState.STARTING
          }
        >
          <button
            type="button"
            class="button button-danger button-large"
            disabled={isAsked("stop")}
            onClick={() => orders.stop(props.session)}
          >
            {isAsked("stop") ? text().stopping : text().stopCharging}
          </button>
        </Match>
        <Match when={props.session.state === SessionState.STOPPING}>
          <button type="button" class="button button-danger button-large" disabled>
            {text().stopping}
          </button>
        </Match>
      </Switch>
    </section>
  );
}

function Countdown(props: { untilMs: number }): JSX.Element {
  const { store } = useDriver();
  return (
    <p class="card countdown">
      <span class="muted">{text().heldFor}</span>
      <strong class="number" role="timer">
        {formatDuration(props.untilMs - store.now())}
      </strong>
      <span class="muted number">{text().until(formatTime(props.untilMs))}</span>
    </p>
  );
}
