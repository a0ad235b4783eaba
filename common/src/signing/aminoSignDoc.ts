/**
 * What is signed in the modes LEGACY_AMINO_JSON and EIP_191: one JSON document, made of the transaction (chain §6.4, §6.5).
 *
 * All but its messages follows from the transaction itself; the messages are the caller's, for their JSON depends on their types.
 * @module
 */
import { concatBytes, utf8ToBytes } from "../bytes.ts";
import { formatJsonSorted, type JsonInput } from "../json.ts";
import type { Coin } from "../wire/coin.ts";
import { type DecodedTx, hasUnknownBodyFields } from "../wire/tx.ts";

/** Who signs, and where. */
export type AminoSigner = {
  readonly chainId: string;
  readonly accountNumber: bigint;
  readonly sequence: bigint;
};

/** Why a transaction cannot be signed in these modes; undefined if it can. */
export function aminoObstacle({ raw, body, authInfo }: DecodedTx): string | undefined {
  const hasOptions = body.extensionOptions.length > 0 || body.nonCriticalExtensionOptions.length > 0;
  if (hasOptions) return "SIGN_MODE_LEGACY_AMINO_JSON does not support protobuf extension options: invalid request";
  if (hasUnknownBodyFields(raw.bodyBytes)) return "the body has fields that no document shows";
  if (authInfo.fee === undefined) return "fee cannot be nil when tipper is not signer";
  // Its signer would sign for no fee and no gas.
  return authInfo.tip === undefined ? undefined : "tips are not supported";
}

/**
 * The document in its one form: members sorted, no white space.
 * @param tx one without {@link aminoObstacle}
 * @param msgs the messages, `{type, value}` each
 */
export function formatAminoSignDoc(
  { body, authInfo }: DecodedTx,
  { chainId, accountNumber, sequence }: AminoSigner,
  msgs: JsonInput,
): string {
  const { amount = [], gasLimit = 0n, payer = "", granter = "" } = authInfo.fee ?? {};
  const fee = {
    amount: amount.map(aminoCoin),
    gas: gasLimit.toString(),
    ...(payer === "" ? {} : { payer }),
    ...(granter === "" ? {} : { granter }),
  };
  return formatAminoJson({
    account_number: accountNumber.toString(),
    chain_id: chainId,
    fee,
    memo: body.memo,
    msgs,
    sequence: sequence.toString(),
    ...(body.timeoutHeight === 0n ? {} : { timeout_height: body.timeoutHeight.toString() }),
  });
}

/** An empty denom is left out as every empty text, an amount never is. */
function aminoCoin({ denom, amount }: Coin): JsonInput {
  return { ...(denom === "" ? {} : { denom }), amount: amount === "" ? "0" : amount };
}

const ESCAPED = /[<>&\u2028\u2029]/g;

/** Sorted JSON with what Go's writer escapes besides; such characters stand in strings only. */
export function formatAminoJson(value: JsonInput): string {
  return formatJsonSorted(value).replace(
    ESCAPED,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The bytes under a signature of an Ethereum wallet: the document on many lines, as a personal message. */
export function eip191SignBytes(document: string): Uint8Array {
  const text = utf8ToBytes(indentJson(document));
  return concatBytes(utf8ToBytes(`\x19Ethereum Signed Message:\n${text.length}`), text);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** JSON without white space as Go's indenter lays it out with four spaces; empty lists and objects stay closed. */
export function indentJson(compact: string): string {
  let out = "";
  let depth = 0;
  let from = 0;
  const put = (to: number, space: string): void => {
    out += compact.slice(from, to) + space;
    from = to;
  };
  const newLine = (): string => `\n${"    ".repeat(depth)}`;
  for (let at = 0; at < compact.length; at++) {
    const character = compact[at] as string;
    if (character === '"') at = endOfString(compact, at);
    else if (character === ":") put(at + 1, " ");
    else if (character === ",") put(at + 1, newLine());
    else if (character === "{" || character === "[") {
      if (compact[at + 1] === (character === "{" ? "}" : "]")) at++;
      else {
        depth++;
        put(at + 1, newLine());
      }
    } else if (character === "}" || character === "]") {
      depth--;
      put(at, newLine());
    }
  }
  return out + compact.slice(from);
}

/** Where the string that begins at `start` ends. */
function endOfString(json: string, start: number): number {
  for (let at = start + 1; at < json.length; at++) {
    const unit = json.charCodeAt(at);
    if (unit === QUOTE) return at;
    if (unit === BACKSLASH) at++;
  }
  return json.length;
}
