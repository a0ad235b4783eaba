/**
 * Environment and message info as contracts get them: exact bytes, since their length costs gas (enclave §10.2, §10.3, contracts
 * §5.1).
 * @module
 */
import type { Coin } from "@sotto/boundary/messages";
import { bytesToBase64, bytesToHex, utf8ToBytes } from "@sotto/common/bytes";

export type Environment = {
  readonly height: bigint;
  readonly timeNs: bigint;
  readonly chainId: string;
  /** Left out where the contract gets none. */
  readonly random: Uint8Array | undefined;
  /** Bech32. */
  readonly contract: string;
  readonly codeHash: Uint8Array;
  /** `hash` is upper-case hex; undefined in queries. */
  readonly transaction: { readonly index: number; readonly hash: string } | undefined;
};

/** Who sent a message, and the coins that came with it. */
export type MessageInfo = {
  /** Bech32, or empty where the contract is not told. */
  readonly sender: string;
  readonly funds: readonly Coin[];
};

const NS_PER_SECOND = 1_000_000_000n;

/** The one environment of a v0.10 contract, which has the message's info inside and neither random nor transaction. */
export function formatV010Environment(
  env: Pick<Environment, "height" | "timeNs" | "chainId" | "contract" | "codeHash">,
  { sender, funds }: MessageInfo,
): Uint8Array {
  return utf8ToBytes(
    `{"block":{"height":${env.height},"time":${env.timeNs / NS_PER_SECOND},"chain_id":${JSON.stringify(env.chainId)}},` +
      `"message":{"sender":"${sender}","sent_funds":${formatCoins(funds)}},` +
      `"contract":{"address":"${env.contract}"},"contract_key":null,` +
      `"contract_code_hash":"${bytesToHex(env.codeHash)}","transaction":null}`,
  );
}

/** `env` of a v1 contract. */
export function formatEnvironment(env: Environment): Uint8Array {
  const random = env.random === undefined ? "" : `,"random":"${bytesToBase64(env.random)}"`;
  const transaction = env.transaction && `{"index":${env.transaction.index},"hash":"${env.transaction.hash}"}`;
  return utf8ToBytes(
    `{"block":{"height":${env.height},"time":"${env.timeNs}","chain_id":${JSON.stringify(env.chainId)}${random}},` +
      `"contract":{"address":"${env.contract}","code_hash":"${bytesToHex(env.codeHash)}"},` +
      `"transaction":${transaction ?? "null"}}`,
  );
}

/** `info` of a v1 contract. */
export function formatMessageInfo({ sender, funds }: MessageInfo): Uint8Array {
  return utf8ToBytes(`{"sender":"${sender}","funds":${formatCoins(funds)}}`);
}

function formatCoins(coins: readonly Coin[]): string {
  const items = coins.map(
    ({ denom, amount }) => `{"denom":${JSON.stringify(denom)},"amount":${JSON.stringify(amount)}}`,
  );
  return `[${items.join()}]`;
}
