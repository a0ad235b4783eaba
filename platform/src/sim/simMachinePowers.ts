/**
 * Sealing key and quotes of a simulated machine, both from its secret.
 * @module
 */
import { hkdfSync } from "node:crypto";
import { type MachinePowers, measureBundle } from "../powers.ts";
import { makeSimMachine, type SimMachine } from "./simMachine.ts";
import { makeSimQuote, simReport } from "./simQuote.ts";

const SEALING_SALT = "sotto/sim/sealing/v1";

/** @param secret 32 bytes, of the machine @param bundle whose enclave gets the powers */
export function simMachinePowers(secret: Uint8Array, bundle: Uint8Array): MachinePowers {
  // Made when it is first needed: most starts need no quote.
  let machine: SimMachine | undefined;
  return {
    // Another bundle, even of the same makers, gets another key.
    sealingKey: () => new Uint8Array(hkdfSync("sha256", secret, SEALING_SALT, measureBundle(bundle), 32)),
    quote: (reportData) => {
      machine ??= makeSimMachine(secret);
      return makeSimQuote(machine, simReport(machine, bundle, reportData));
    },
  };
}
