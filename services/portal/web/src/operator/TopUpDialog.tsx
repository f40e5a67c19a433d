import { createSignal } from "solid-js";
import type { Driver } from "../gen/evcharging/types/v1/types_pb";
import { operatorClient } from "./client";
import { formatMoney } from "../shared/format";
import { randomUuid } from "../shared/uuid";
import { ConfirmDialog } from "./ConfirmDialog";
import { useOperator } from "./context";
import { readAmount } from "./readAmount";
import { listText } from "./textLists";

export function TopUpDialog(props: {
  driver: Driver;
  onDone: (driver: Driver | undefined) => void;
  onClose: () => void;
}) {
  const { userId } = useOperator();
  const { driverId, currency } = props.driver;
  // Made once for the dialog: confirmed again after a lost answer, nothing is added twice.
  const topUpId = randomUuid();
  const [written, setWritten] = createSignal("");
  const amount = () => readAmount(written());

  async function confirm(): Promise<string> {
    const amountMicros = amount() ?? 0n;
    const answer = await operatorClient.topUpDriver({ topUpId, driverId, amountMicros });
    props.onDone(answer.driver);
    return listText().didTopUp(userId, driverId, formatMoney(amountMicros, currency));
  }
  return (
    <ConfirmDialog
      title={listText().topUpOf(driverId)}
      isBlocked={amount() === undefined}
      onConfirm={confirm}
      onClose={props.onClose}
    >
      <label class="field">
        <span>{listText().amount(currency)}</span>
        <input
          type="text"
          inputmode="decimal"
          autocomplete="off"
          autofocus
          aria-describedby="amount-problem"
          value={written()}
          onInput={(event) => setWritten(event.currentTarget.value)}
        />
      </label>
      <p id="amount-problem" class="field-problem small" role="alert">
        {written() !== "" && amount() === undefined ? listText().amountWrong : ""}
      </p>
    </ConfirmDialog>
  );
}
