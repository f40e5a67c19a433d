import { Show } from "solid-js";
import type { Session } from "../gen/evcharging/types/v1/types_pb";
import { formatDuration, formatEnergy, formatMoney, formatPower, formatTime } from "../shared/format";
import { SessionBadge } from "../shared/Status";
import { useOperator } from "./context";
import { Fact } from "./Fact";
import { IdLink, shortId } from "./IdLink";
import type { LiveChargePoint } from "./network";
import { chargePointText } from "./textChargePoint";
import { listText } from "./textLists";
import { shellText } from "./textShell";

/** The session that holds a charge point, as it runs. */
export function SessionNow(props: { chargePoint: LiveChargePoint; session: Session | undefined }) {
  const { network } = useOperator();
  const facts = () => props.chargePoint.facts();
  const reading = () => props.chargePoint.reading();
  const energy = () => reading()?.energyMwh ?? props.session?.energyMwh ?? 0n;
  const cost = () => reading()?.costMicros ?? props.session?.costMicros ?? 0n;
  const power = () => reading()?.powerW ?? props.session?.powerW ?? 0n;
  return (
    <section class="card stack session-now" aria-labelledby="session-title">
      <div class="row row-apart">
        <h2 id="session-title">{chargePointText().currentSession}</h2>
        <Show when={props.session}>{(session) => <SessionBadge state={session().state} />}</Show>
      </div>
      <Show when={facts().sessionId} fallback={<p class="empty">{chargePointText().nobodyCharges}</p>}>
        {(sessionId) => (
          <>
            <div class="figures">
              <Figure name={shellText().energy} value={formatEnergy(energy())} />
              <Figure name={shellText().power} value={formatPower(power(), 1)} />
              <Figure name={shellText().cost} value={formatMoney(cost(), props.session?.currency)} />
            </div>
            <dl class="facts">
              <Fact name={shellText().driver}>
                <IdLink kind="driver" id={facts().driverId} />
              </Fact>
              <Fact name={shellText().session}>
                <IdLink kind="session" id={sessionId()} text={shortId(sessionId())} />
              </Fact>
              <Show when={props.session?.startedAtMs}>
                {(startedAtMs) => (
                  <Fact name={shellText().since}>
                    {formatTime(startedAtMs())} ({formatDuration(network.now() - Number(startedAtMs()))})
                  </Fact>
                )}
              </Show>
              <Show when={props.session !== undefined && props.session.startedAtMs === undefined}>
                <Fact name={listText().reservedUntil}>
                  {formatTime(props.session?.reservedUntilMs ?? 0n)}
                </Fact>
              </Show>
            </dl>
          </>
        )}
      </Show>
    </section>
  );
}

/** A number to be read from afar. */
export function Figure(props: { name: string; value: string }) {
  return (
    <p class="figure">
      <span class="figure-name">{props.name}</span>
      <strong class="figure-value number">{props.value}</strong>
    </p>
  );
}
