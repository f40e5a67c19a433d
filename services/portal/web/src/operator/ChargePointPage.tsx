import { useParams } from "@solidjs/router";
import { Match, Show, Switch } from "solid-js";
import { TimeChart } from "../shared/Chart";
import { StatusBadge } from "../shared/Status";
import "./chargePoint.css";
import { createDetails } from "./chargePointDetails";
import { ChargePointEvents } from "./ChargePointEvents";
import { CommandsCard } from "./CommandsCard";
import { useOperator } from "./context";
import { FactsCard } from "./FactsCard";
import { LastSessions } from "./LastSessions";
import { readId } from "./links";
import { Loading } from "./Loading";
import type { LiveChargePoint } from "./network";
import { networkPath } from "./networkView";
import { Problem } from "./Problem";
import { SessionNow } from "./SessionNow";
import { chargePointText } from "./textChargePoint";
import { shellText } from "./textShell";

export function ChargePointPage() {
  const { network } = useOperator();
  const parameters = useParams<{ cpId: string }>();
  const cpId = () => readId(parameters.cpId);
  return (
    <div class="page stack">
      <a class="back-link" href={networkPath()}>
        ← {chargePointText().back}
      </a>
      <Switch fallback={<Loading />}>
        <Match when={network.find(cpId())} keyed>
          {(chargePoint) => <Known chargePoint={chargePoint} />}
        </Match>
        <Match when={network.isLoaded()}>
          <p class="empty">{chargePointText().unknown(cpId())}</p>
        </Match>
      </Switch>
    </div>
  );
}

function Known(props: { chargePoint: LiveChargePoint }) {
  const { network } = useOperator();
  const facts = () => props.chargePoint.facts();
  const details = createDetails(network, () => props.chargePoint.cpId);
  const session = () => {
    const told = details.answer()?.session;
    return told?.sessionId === facts().sessionId ? told : undefined;
  };
  return (
    <>
      <header class="page-head">
        <h1>{props.chargePoint.cpId}</h1>
        <StatusBadge status={facts().status} />
        <p class="muted page-note">{facts().location}</p>
      </header>
      <Problem error={details.error()} onRetry={() => void details.load()} />
      <div class="charge-point">
        <SessionNow chargePoint={props.chargePoint} session={session()} />
        <CommandsCard facts={facts()} session={session()} onDone={() => void details.load()} />
        <FactsCard facts={facts()} />
        <section class="card stack charge-point-power" aria-labelledby="power-title">
          <h2 id="power-title">{chargePointText().powerLastHour}</h2>
          <TimeChart
            points={details.power}
            series={[{ label: shellText().power, unit: "kW" }]}
            height={220}
            label={chargePointText().powerLastHour}
          />
        </section>
        <Show when={details.answer()}>
          {(answer) => (
            <>
              <ChargePointEvents cpId={props.chargePoint.cpId} told={answer().events} />
              <LastSessions sessions={answer().lastSessions} />
            </>
          )}
        </Show>
      </div>
    </>
  );
}
