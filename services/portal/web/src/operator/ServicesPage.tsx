import { Show } from "solid-js";
import type { ServiceHealth } from "../gen/evcharging/portal/v1/operator_pb";
import { operatorClient } from "./client";
import { StatusIcon } from "../shared/Status";
import { useOperator } from "./context";
import { ForKeyed } from "./ForKeyed";
import { Loading } from "./Loading";
import { createPolled } from "./polling";
import { Problem } from "./Problem";
import "./services.css";
import { restText } from "./textRest";
import { shellText } from "./textShell";
import { whenText } from "./whenText";

const ASK_EACH_MS = 5000;

export function ServicesPage() {
  const told = createPolled(async () => (await operatorClient.listServices({})).services, ASK_EACH_MS);
  const down = () => (told.value() ?? []).filter((service) => !service.isServing).length;
  return (
    <div class="page stack" tabindex="0" role="group" aria-label={shellText().services}>
      <header class="page-head">
        <h1>{shellText().services}</h1>
        <p class="muted page-note">{restText().asked}</p>
      </header>
      <Problem error={told.error()} onRetry={() => void told.refresh()} />
      <Show when={told.value()} fallback={<Show when={told.error() === undefined}>{<Loading />}</Show>}>
        {(services) => (
          <>
            <p role="status" class="banner" classList={{ "banner-danger": down() > 0 }}>
              {down() > 0
                ? restText().someDown(down(), services().length)
                : restText().allServe(services().length)}
            </p>
            <ul class="services">
              <MessagingCard />
              <ForKeyed each={services()} by={(service) => service.name}>
                {(service) => <ServiceCard service={service()} />}
              </ForKeyed>
            </ul>
          </>
        )}
      </Show>
    </div>
  );
}

function ServiceCard(props: { service: ServiceHealth }) {
  return (
    <li class="card service" classList={{ "is-down": !props.service.isServing }}>
      <div class="row row-apart">
        <h2>{props.service.name}</h2>
        <Serves isServing={props.service.isServing} />
      </div>
      <code class="wrap muted">{props.service.address}</code>
      <Show when={props.service.isServing} fallback={<p class="service-message">{props.service.message}</p>}>
        <p class="muted small">
          {restText().answeredIn}{" "}
          <span class="number">{(Number(props.service.answeredInUs) / 1000).toFixed(1)} ms</span>
        </p>
      </Show>
    </li>
  );
}

/** Kafka, as the page's own server hears it. */
function MessagingCard() {
  const { network } = useOperator();
  return (
    <Show when={network.messaging()}>
      {(messaging) => {
        const since = () => whenText(messaging().sinceMs, network.now());
        return (
          <li class="card service" classList={{ "is-down": !messaging().isHeard }}>
            <div class="row row-apart">
              <h2>{restText().messaging}</h2>
              <Serves isServing={messaging().isHeard} />
            </div>
            <p class="muted">
              {messaging().isHeard ? restText().heardSince(since()) : restText().awaySince(since())}
            </p>
          </li>
        );
      }}
    </Show>
  );
}

function Serves(props: { isServing: boolean }) {
  return (
    <span class="badge" classList={{ "badge-available": props.isServing, "badge-faulted": !props.isServing }}>
      <StatusIcon look={props.isServing ? "available" : "faulted"} />
      {props.isServing ? restText().serves : restText().down}
    </span>
  );
}
