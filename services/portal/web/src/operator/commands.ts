import { SimulatedErrorKind, type ChargePoint, type Session } from "../gen/evcharging/types/v1/types_pb";
import { ChargePointStatus, SessionState } from "../gen/evcharging/types/v1/types_pb";
import { operatorClient } from "./client";
import { simulatedName } from "./faultText";
import { chargePointText } from "./textChargePoint";

/** What an operator can order at a charge point. */
export interface Command {
  readonly name: () => string;
  /** It makes sense now. */
  readonly isPossible: (facts: ChargePoint, session: Session | undefined) => boolean;
  /** What will happen, a sentence each. */
  readonly warnings: (facts: ChargePoint) => string[];
  /** The charge point as the answer says that it is, if it says so. */
  readonly run: (facts: ChargePoint) => Promise<ChargePoint | undefined>;
  /** Who did what. */
  readonly done: (who: string, facts: ChargePoint) => string;
  readonly isDangerous: boolean;
}

const text = chargePointText;

/** What a command that ends whatever happens there means for the driver. */
function endings(facts: ChargePoint): string[] {
  if (facts.sessionId === "") return [];
  const isReserved = facts.status === ChargePointStatus.RESERVED;
  return [isReserved ? text().endsReservation(facts.driverId) : text().endsCharge(facts.driverId)];
}

function endingsWithoutLink(facts: ChargePoint): string[] {
  if (facts.sessionId === "") return [];
  const isReserved = facts.status === ChargePointStatus.RESERVED;
  return [isReserved ? text().keepsReservation(facts.driverId) : text().mayEndCharge(facts.driverId)];
}

async function simulate(facts: ChargePoint, kind: SimulatedErrorKind): Promise<ChargePoint | undefined> {
  return (await operatorClient.simulateError({ cpId: facts.cpId, kind })).chargePoint;
}

async function setInService(facts: ChargePoint, inService: boolean): Promise<ChargePoint | undefined> {
  return (await operatorClient.setInService({ cpId: facts.cpId, inService })).chargePoint;
}

export const COMMANDS: readonly Command[] = [
  {
    name: () => text().simulateFault,
    isPossible: (facts) =>
      facts.connected && facts.simulatedError === undefined && facts.faultKind === undefined,
    warnings: (facts) => [text().faultWarning, ...endings(facts)],
    run: (facts) => simulate(facts, SimulatedErrorKind.FAULT),
    done: (who, facts) => text().didSimulate(who, simulatedName(SimulatedErrorKind.FAULT), facts.cpId),
    isDangerous: true,
  },
  {
    name: () => text().simulateOutOfService,
    isPossible: (facts) => facts.inService && facts.simulatedError === undefined,
    warnings: (facts) => [text().outOfServiceWarning, ...endings(facts)],
    run: (facts) => simulate(facts, SimulatedErrorKind.OUT_OF_SERVICE),
    done: (who, facts) =>
      text().didSimulate(who, simulatedName(SimulatedErrorKind.OUT_OF_SERVICE), facts.cpId),
    isDangerous: true,
  },
  {
    name: () => text().simulateOffline,
    isPossible: (facts) => facts.connected && facts.simulatedError === undefined,
    warnings: (facts) => [text().offlineWarning, ...endingsWithoutLink(facts)],
    run: (facts) => simulate(facts, SimulatedErrorKind.OFFLINE),
    done: (who, facts) => text().didSimulate(who, simulatedName(SimulatedErrorKind.OFFLINE), facts.cpId),
    isDangerous: true,
  },
  {
    name: () => text().fix,
    isPossible: (facts) => facts.simulatedError !== undefined || facts.faultKind !== undefined,
    warnings: () => [text().fixWarning],
    run: async (facts) => (await operatorClient.fixError({ cpId: facts.cpId })).chargePoint,
    done: (who, facts) => text().didFix(who, facts.cpId),
    isDangerous: false,
  },
  {
    name: () => text().takeOut,
    isPossible: (facts) => facts.inService,
    warnings: (facts) => [text().takeOutWarning, ...endings(facts)],
    run: (facts) => setInService(facts, false),
    done: (who, facts) => text().didTakeOut(who, facts.cpId),
    isDangerous: true,
  },
  {
    name: () => text().putIn,
    isPossible: (facts) => !facts.inService,
    warnings: () => [text().putInWarning],
    run: (facts) => setInService(facts, true),
    done: (who, facts) => text().didPutIn(who, facts.cpId),
    isDangerous: false,
  },
  {
    name: () => text().stopSession,
    isPossible: (facts, session) =>
      facts.sessionId !== "" &&
      !(session?.sessionId === facts.sessionId && session.state === SessionState.STOPPING),
    warnings: (facts) => [text().stopWarning, ...endings(facts)],
    run: async (facts) => {
      await operatorClient.stopSession({ sessionId: facts.sessionId });
      return undefined;
    },
    done: (who, facts) => text().didStop(who, facts.driverId, facts.cpId),
    isDangerous: true,
  },
];
