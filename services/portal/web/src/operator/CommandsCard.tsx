import { createSignal, For, Show } from "solid-js";
import type { ChargePoint, Session } from "../gen/evcharging/types/v1/types_pb";
import { COMMANDS, type Command } from "./commands";
import { ConfirmDialog } from "./ConfirmDialog";
import { useOperator } from "./context";
import { chargePointText } from "./textChargePoint";

/** What can be ordered here. Each order is asked about first. */
export function CommandsCard(props: {
  facts: ChargePoint;
  session: Session | undefined;
  onDone: () => void;
}) {
  const { network, userId } = useOperator();
  // What the dialog talks about stays what it was when it opened: another driver may have come since.
  const [asked, setAsked] = createSignal<{ command: Command; facts: ChargePoint }>();

  async function run(command: Command, facts: ChargePoint): Promise<string> {
    network.learn(await command.run(facts));
    props.onDone();
    return command.done(userId, facts);
  }
  return (
    <section class="card stack" aria-labelledby="commands-title">
      <h2 id="commands-title">{chargePointText().commands}</h2>
      <div class="commands">
        <For each={COMMANDS}>
          {(command) => (
            <button
              type="button"
              class="button"
              disabled={!command.isPossible(props.facts, props.session)}
              onClick={() => setAsked({ command, facts: props.facts })}
            >
              {command.name()}
            </button>
          )}
        </For>
      </div>
      <Show when={asked()} keyed>
        {({ command, facts }) => (
          <ConfirmDialog
            title={chargePointText().commandAt(command.name(), facts.cpId)}
            isDangerous={command.isDangerous}
            onClose={() => setAsked(undefined)}
            onConfirm={() => run(command, facts)}
          >
            <For each={command.warnings(facts)}>{(warning) => <p>{warning}</p>}</For>
          </ConfirmDialog>
        )}
      </Show>
    </section>
  );
}
