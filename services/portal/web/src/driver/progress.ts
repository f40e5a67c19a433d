import type { RefusalReason } from "../gen/evcharging/types/v1/types_pb";
import type { KeptRequest } from "./keptRequest";

/** How a request for a charge stands. */
export type Progress =
  | { kind: "sending"; request: KeptRequest; isTroubled: boolean }
  /** The stream is about to show what was reserved. */
  | { kind: "granted"; request: KeptRequest; cpId: string; untilMs: number }
  | { kind: "refused"; request: KeptRequest; reason: RefusalReason }
  | { kind: "unsent"; request: KeptRequest }
  /** It was reserved, but the start did not go out in time. */
  | { kind: "notStarted"; request: KeptRequest; cpId: string }
  | { kind: "failed"; request: KeptRequest; message: string };
