/**
 * Evidence outside a chain: what an enclave says of itself, and what one says of somebody's evidence. Both start an enclave of their own,
 * which carries no network.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RefusedError } from "@sotto/boundary/calls";
import { decodeEvidence } from "@sotto/boundary/evidence";
import type { EcallResponse } from "@sotto/boundary/messages";
import { CodedError } from "@sotto/common/errors";
import { makeEnclaveHost } from "../enclaveHost/enclaveHost.ts";
import { homePaths } from "./home.ts";
import { NodeError, NodeErrorCode } from "./nodeError.ts";
import type { PlatformName } from "./platformNames.ts";
import { platformOf, startEnclaveOn } from "./platformOf.ts";

export type SelfDescription = EcallResponse<"describeSelf">;
export type EvidenceVerdict = EcallResponse<"verifyEvidence">;

/** @throws {RefusedError} if the platform gives no quote */
export function describeSelf(options: {
  readonly home: string;
  readonly platform: PlatformName;
  readonly bundle: Uint8Array;
}): SelfDescription {
  const platform = platformOf(options.platform, homePaths(options.home));
  const enclave = makeEnclaveHost(startEnclaveOn(platform, "inline", options.bundle));
  try {
    return enclave.call("describeSelf", {});
  } finally {
    enclave.close();
  }
}

export type EvidenceInput = {
  /** A quote, or whole evidence, which brings its collateral along. */
  readonly quote: Uint8Array;
  /** Packed, or JSON. */
  readonly collateral: Uint8Array | undefined;
  readonly timeSeconds: number;
  /** JSON; Intel's root and no approved enclave without one. */
  readonly policy: Uint8Array | undefined;
  readonly bundle: Uint8Array;
};

/** @throws {NodeError} BadConfiguration, if one of the inputs cannot be read */
export function verifyEvidence(input: EvidenceInput): EvidenceVerdict {
  const { quote, collateral } = partsOf(input);
  const folder = mkdtempSync(join(tmpdir(), "sotto-attest-"));
  const enclave = makeEnclaveHost(platformOf("sim", homePaths(folder)).startInline(input.bundle));
  try {
    return enclave.call("verifyEvidence", {
      quote,
      collateral: isJson(collateral) ? { kind: "json", value: collateral } : { kind: "packed", value: collateral },
      time: BigInt(input.timeSeconds),
      policy: input.policy,
    });
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    throw new NodeError(NodeErrorCode.BadConfiguration, error.message, { cause: error });
  } finally {
    enclave.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Collateral of one's own wins over that in the evidence. */
function partsOf({ quote, collateral }: EvidenceInput): { quote: Uint8Array; collateral: Uint8Array } {
  const inside = tryDecodeEvidence(quote);
  if (inside !== undefined) return { quote: inside.quote, collateral: collateral ?? inside.collateral };
  if (collateral !== undefined) return { quote, collateral };
  throw new NodeError(
    NodeErrorCode.BadConfiguration,
    "a bare quote needs --collateral FILE; whole evidence has its own",
  );
}

function tryDecodeEvidence(bytes: Uint8Array): ReturnType<typeof decodeEvidence> | undefined {
  try {
    return decodeEvidence(bytes);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return undefined;
  }
}

const isJson = (bytes: Uint8Array): boolean => /^\s*\{/.test(Buffer.from(bytes.subarray(0, 64)).toString("latin1"));
