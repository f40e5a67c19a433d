import { ChargePointStatus } from "../gen/evcharging/types/v1/types_pb";

/** What asks for attention comes first. */
export const STATUS_ORDER: readonly ChargePointStatus[] = [
  ChargePointStatus.FAULTED,
  ChargePointStatus.CHARGING,
  ChargePointStatus.RESERVED,
  ChargePointStatus.AVAILABLE,
  ChargePointStatus.OFFLINE,
  ChargePointStatus.OUT_OF_SERVICE,
];
