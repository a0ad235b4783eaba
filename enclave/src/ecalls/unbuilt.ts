/**
 * Ecalls whose parts are still being built.
 * @module
 */
import type { EcallHandlers } from "@sotto/boundary/calls";
import { RefusalCode, RefusalError } from "../enclaveError.ts";

type Unbuilt = Pick<EcallHandlers, "acceptHeaders" | "rewind">;

const refuse = (): never => {
  throw new RefusalError(RefusalCode.WrongState, "not built yet");
};

export const UNBUILT: Unbuilt = {
  acceptHeaders: refuse,
  rewind: refuse,
};
