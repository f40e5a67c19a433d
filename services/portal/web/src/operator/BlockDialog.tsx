import type { Driver } from "../gen/evcharging/types/v1/types_pb";
import { operatorClient } from "./client";
import { ConfirmDialog } from "./ConfirmDialog";
import { useOperator } from "./context";
import { listText } from "./textLists";

/** Blocks a driver, or lets a blocked one charge again. */
export function BlockDialog(props: {
  driver: Driver;
  onDone: (driver: Driver | undefined) => void;
  onClose: () => void;
}) {
  const { userId } = useOperator();
  const { driverId, blocked: wasBlocked } = props.driver;

  async function confirm(): Promise<string> {
    const answer = await operatorClient.setDriverBlocked({ driverId, blocked: !wasBlocked });
    props.onDone(answer.driver);
    return wasBlocked ? listText().didUnblock(userId, driverId) : listText().didBlock(userId, driverId);
  }
  return (
    <ConfirmDialog
      title={`${wasBlocked ? listText().unblock : listText().block}: ${driverId}`}
      isDangerous={!wasBlocked}
      onConfirm={confirm}
      onClose={props.onClose}
    >
      <p>{wasBlocked ? listText().unblockWarning(driverId) : listText().blockWarning(driverId)}</p>
    </ConfirmDialog>
  );
}
