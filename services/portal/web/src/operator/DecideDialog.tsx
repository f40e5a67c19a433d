import type { TopUp } from "../gen/evcharging/types/v1/types_pb";
import { operatorClient } from "./client";
import { formatMoney } from "../shared/format";
import { ConfirmDialog } from "./ConfirmDialog";
import { useOperator } from "./context";
import { listText } from "./textLists";

/** Gives a driver the money that it asked for, or says no. */
export function DecideDialog(props: {
  topUp: TopUp;
  approve: boolean;
  onDone: () => void;
  onClose: () => void;
}) {
  const { userId } = useOperator();
  const { topUpId, driverId, amountMicros } = props.topUp;
  const approve = props.approve;
  const amount = () => formatMoney(amountMicros);

  async function confirm(): Promise<string> {
    await operatorClient.decideTopUp({ topUpId, approve });
    props.onDone();
    const say = approve ? listText().didApprove : listText().didDecline;
    return say(userId, driverId, amount());
  }
  return (
    <ConfirmDialog
      title={`${approve ? listText().approve : listText().decline}: ${driverId}`}
      isDangerous={!approve}
      onConfirm={confirm}
      onClose={props.onClose}
    >
      <p>{listText().asks(driverId, amount())}</p>
      <p>{approve ? listText().approveWarning : listText().declineWarning}</p>
    </ConfirmDialog>
  );
}
