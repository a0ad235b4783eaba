/**
 * The genesis document of a network: CometBFT's shape, made once, kept in the state store and as `genesis.json`.
 * @module
 */
import { base64ToBytes, bytesToBase64, bytesToHex, bytesToUtf8, utf8ToBytes } from "@sotto/common/bytes";
import { formatTimestamp, nanosToTimestamp, parseTimestamp, timestampToNanos } from "@sotto/common/wire/timestamp";
import type { ConsensusParams, TimeNs, ValidatorUpdate } from "../abci/application.ts";
import type { ExecutionOrder } from "../app/genesis/developmentGenesis.ts";
import { NodeError, NodeErrorCode } from "./nodeError.ts";

export const DEVELOPMENT_CHAIN_ID = "secretdev-1";

export type Genesis = {
  readonly chainId: string;
  readonly timeNs: TimeNs;
  readonly initialHeight: number;
  readonly consensusParams: ConsensusParams;
  readonly validators: readonly (ValidatorUpdate & { readonly address: Uint8Array; readonly name: string })[];
  /** JSON text of `app_state`. */
  readonly appState: Uint8Array;
};

/** The JSON text; the app state is put in as it is. */
export function formatGenesis(genesis: Genesis): string {
  const { chainId, timeNs, initialHeight, consensusParams, validators } = genesis;
  const document = {
    genesis_time: formatTimestamp(nanosToTimestamp(timeNs)),
    chain_id: chainId,
    initial_height: String(initialHeight),
    consensus_params: {
      block: { max_bytes: String(consensusParams.maxBytes), max_gas: String(consensusParams.maxGas) },
      evidence: { max_age_num_blocks: "100000", max_age_duration: "172800000000000", max_bytes: "1048576" },
      validator: { pub_key_types: ["ed25519"] },
      version: { app: "0" },
      abci: { vote_extensions_enable_height: "0" },
    },
    validators: validators.map(({ address, publicKey, power, name }) => ({
      address: bytesToHex(address).toUpperCase(),
      pub_key: { type: "tendermint/PubKeyEd25519", value: bytesToBase64(publicKey) },
      power: String(power),
      name,
    })),
    app_hash: "",
    app_state: JSON.parse(bytesToUtf8(genesis.appState)) as unknown,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

type Document = {
  genesis_time: string;
  chain_id: string;
  initial_height: string;
  consensus_params: { block: { max_bytes: string; max_gas: string } };
  validators: { address: string; pub_key: { value: string }; power: string; name: string }[];
  app_state: unknown;
};

/** @throws {NodeError} BadConfiguration, if the text is no genesis document */
export function parseGenesis(text: string, where: string): Genesis {
  try {
    const document = JSON.parse(text) as Document;
    return {
      chainId: requireText(document.chain_id),
      timeNs: timestampToNanos(parseTimestamp(document.genesis_time)),
      initialHeight: Number(document.initial_height),
      consensusParams: {
        maxBytes: BigInt(document.consensus_params.block.max_bytes),
        maxGas: BigInt(document.consensus_params.block.max_gas),
      },
      validators: document.validators.map(({ address, pub_key, power, name }) => ({
        address: Uint8Array.from(Buffer.from(address, "hex")),
        publicKey: base64ToBytes(pub_key.value),
        power: BigInt(power),
        name,
      })),
      appState: utf8ToBytes(JSON.stringify(document.app_state)),
    };
  } catch (cause) {
    throw new NodeError(NodeErrorCode.BadConfiguration, `${where} is no genesis document`, { cause });
  }
}

/** Addresses of the accounts in a genesis, in the order of their numbers. */
export function genesisAccounts({ appState }: Genesis): readonly unknown[] {
  const { auth } = JSON.parse(bytesToUtf8(appState)) as { auth?: { accounts?: { address?: unknown }[] } };
  return (auth?.accounts ?? []).map(({ address }) => address);
}

/** In which order the transactions of its blocks run (consensus §5 T16). */
export function executionOrderOf({ appState }: Genesis): ExecutionOrder {
  const { register } = JSON.parse(bytesToUtf8(appState)) as {
    register?: { attestation?: { execution_order?: unknown } };
  };
  return register?.attestation?.execution_order === "shuffled" ? "shuffled" : "proposed";
}

function requireText(value: unknown): string {
  if (typeof value !== "string") throw new TypeError("expected text");
  return value;
}
