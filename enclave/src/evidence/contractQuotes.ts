/**
 * Quotes as contracts have them verified: steps 1 to 10 at the time of the block; what the quote is about is the contract's to judge
 * (contracts §2.6).
 * @module
 */
import type { Crypto } from "@sotto/common/crypto/crypto";
import { INTEL_ROOT_SHA256 } from "@sotto/common/simAttestation";
import { SIM_ROOT_SHA256 } from "@sotto/common/simRoot";
import { CheckList } from "./checkList.ts";
import { EvidenceError } from "./evidenceError.ts";
import { isSimulationChain } from "./policy.ts";
import { verifyPlatform } from "./verifyPlatform.ts";

/** What a contract learns; every status but the two best is a refusal. */
export type QuoteVerdict = "upToDate" | "hardeningNeeded" | "refused";

/**
 * @param collateral packed (registration §2.2)
 * @param chain decides on the roots: Intel's, and the simulated one where the chain's id allows it
 */
export function verifyContractQuote(
  crypto: Crypto,
  chain: { readonly chainId: string; readonly timeSeconds: number },
  quote: Uint8Array,
  collateral: Uint8Array,
): QuoteVerdict {
  const allowSim = isSimulationChain(chain.chainId);
  const roots = allowSim ? [INTEL_ROOT_SHA256, SIM_ROOT_SHA256] : [INTEL_ROOT_SHA256];
  const input = {
    quote,
    collateral: { kind: "packed", value: collateral },
    timeSeconds: chain.timeSeconds,
    policy: { roots, minimumTcbEvaluationDataNumber: 0 },
    allowSim,
  } as const;
  try {
    const { status } = verifyPlatform(new CheckList(crypto), input);
    if (status === "UpToDate") return "upToDate";
    return status === "SWHardeningNeeded" ? "hardeningNeeded" : "refused";
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    return "refused";
  }
}
