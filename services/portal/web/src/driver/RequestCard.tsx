import { useNavigate } from "@solidjs/router";
import { Match, Show, Switch, type JSX } from "solid-js";
import { RefusalReason } from "../gen/evcharging/types/v1/types_pb";
import { formatTime } from "../shared/format";
import { refusalText } from "../shared/Status";
import { defineText } from "../shared/text";
import { useDriver } from "./context";
import type { KeptRequest } from "./keptRequest";
import type { Progress } from "./progress";

const text = defineText({
  en: {
    asking: "Asking the network…",
    askingAt: (cpId: string) => `Asking for ${cpId}…`,
    notSent: (until: string) => `Not sent yet: we keep trying until ${until}.`,
    giveUp: "Stop trying",
    granted: (cpId: string, until: string) => `${cpId} is yours until ${until}. Waiting for live values…`,
    refused: "Not possible.",
    refusedAt: (cpId: string) => `Not possible at ${cpId}.`,
    unsent: "The network could not be reached in time: the request failed.",
    notStarted: (cpId: string) => `The network could not be reached in time: ${cpId} was not started.`,
    tryAgain: "Try again",
    tryAny: "Try any charge point",
    topUp: "Top up",
    close: "Close",
  },
  es: {
    asking: "Preguntando a la red…",
    askingAt: (cpId: string) => `Pidiendo ${cpId}…`,
    notSent: (until: string) => `Aún sin enviar: seguimos intentándolo hasta las ${until}.`,
    giveUp: "Dejar de intentarlo",
    granted: (cpId: string, until: string) =>
      `${cpId} es tuyo hasta las ${until}. Esperando valores en vivo…`,
    refused: "No es posible.",
    refusedAt: (cpId: string) => `No es posible en ${cpId}.`,
    unsent: "No se pudo contactar con la red a tiempo: la petición ha fallado.",
    notStarted: (cpId: string) => `No se pudo contactar con la red a tiempo: ${cpId} no ha empezado.`,
    tryAgain: "Volver a probar",
    tryAny: "Probar cualquiera",
    topUp: "Recargar saldo",
    close: "Cerrar",
  },
});

/** How the request for a charge stands: on its way, or why it came to nothing and what helps. */
export function RequestCard(): JSX.Element {
  const { store, requests } = useDriver();
  const when = <Kind extends Progress["kind"]>(kind: Kind) => {
    const progress = requests.progress();
    return progress?.kind === kind ? (progress as Extract<Progress, { kind: Kind }>) : undefined;
  };
  return (
    <div class="request-card">
      <div role="status">
        <Switch>
          <Match when={when("sending")}>
            {(progress) => <Sending request={progress().request} isTroubled={progress().isTroubled} />}
          </Match>
          <Match when={when("granted")}>
            {(progress) => (
              <p class="banner">{text().granted(progress().cpId, formatTime(progress().untilMs))}</p>
            )}
          </Match>
        </Switch>
      </div>
      <div role="alert">
        <Switch>
          <Match when={when("refused")}>
            {(progress) => <Refused request={progress().request} reason={progress().reason} />}
          </Match>
          <Match when={when("unsent")}>
            {(progress) => <Failure request={progress().request} message={text().unsent} canRepeat />}
          </Match>
          <Match when={when("notStarted")}>
            {(progress) => (
              <Failure
                request={progress().request}
                message={text().notStarted(progress().cpId)}
                canRepeat={store.charge() === undefined}
              />
            )}
          </Match>
          <Match when={when("failed")}>
            {(progress) => <Failure request={progress().request} message={progress().message} canRepeat />}
          </Match>
        </Switch>
      </div>
    </div>
  );
}

function Sending(props: { request: KeptRequest; isTroubled: boolean }): JSX.Element {
  const { requests } = useDriver();
  const until = () => formatTime(props.request.reserved?.untilMs ?? props.request.expiresAtMs);
  const asking = () => (props.request.cpId ? text().askingAt(props.request.cpId) : text().asking);
  return (
    <div class="banner" classList={{ "banner-warning": props.isTroubled }}>
      <span class="spinner" aria-hidden="true" />
      <p class="grow">{props.isTroubled ? text().notSent(until()) : asking()}</p>
      <Show when={props.isTroubled}>
        <button type="button" class="button" onClick={requests.giveUp}>
          {text().giveUp}
        </button>
      </Show>
    </div>
  );
}

function Refused(props: { request: KeptRequest; reason: RefusalReason }): JSX.Element {
  const { requests } = useDriver();
  const navigate = useNavigate();
  const helps = () => helpFor(props.reason);
  const where = () => (props.request.cpId ? text().refusedAt(props.request.cpId) : text().refused);
  return (
    <Failure
      request={props.request}
      message={`${where()} ${refusalText(props.reason)}`}
      canRepeat={helps() === "again"}
    >
      <Switch>
        <Match when={helps() === "any"}>
          <button
            type="button"
            class="button button-primary"
            onClick={() => requests.askAgain({ ...props.request, cpId: "" })}
          >
            {text().tryAny}
          </button>
        </Match>
        <Match when={helps() === "topUp"}>
          <button
            type="button"
            class="button button-primary"
            onClick={() => {
              requests.clear();
              navigate("/account");
            }}
          >
            {text().topUp}
          </button>
        </Match>
      </Switch>
    </Failure>
  );
}

function Failure(props: {
  request: KeptRequest;
  message: string;
  canRepeat: boolean;
  children?: JSX.Element;
}): JSX.Element {
  const { requests } = useDriver();
  return (
    <div class="banner banner-danger">
      <p class="grow">{props.message}</p>
      <div class="row">
        {props.children}
        <Show when={props.canRepeat}>
          <button
            type="button"
            class="button button-primary"
            onClick={() => requests.askAgain(props.request)}
          >
            {text().tryAgain}
          </button>
        </Show>
        <button type="button" class="button" onClick={requests.clear}>
          {text().close}
        </button>
      </div>
    </div>
  );
}

/** What a driver can do about a refusal. */
function helpFor(reason: RefusalReason): "any" | "topUp" | "again" | "nothing" {
  switch (reason) {
    case RefusalReason.CP_UNKNOWN:
    case RefusalReason.CP_OCCUPIED:
    case RefusalReason.CP_RESERVED:
    case RefusalReason.CP_FAULTED:
    case RefusalReason.CP_OUT_OF_SERVICE:
      return "any";
    case RefusalReason.BALANCE_TOO_LOW:
      return "topUp";
    case RefusalReason.REQUEST_EXPIRED:
    case RefusalReason.UNAVAILABLE:
    case RefusalReason.NO_CP_AVAILABLE:
      return "again";
    default:
      return "nothing";
  }
}
