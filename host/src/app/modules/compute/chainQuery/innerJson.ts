/**
 * JSON of an answer as the chain writes it: compact, with five characters escaped that the enclave would leave alone (contracts §5.7).
 * @module
 */
import { utf8ToBytes } from "@sotto/common/bytes";
import { formatJson, type JsonInput } from "@sotto/common/json";

/** They can only be inside of strings. */
const ESCAPED = /[<>&\u2028\u2029]/g;

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

export function formatInnerJson(value: JsonInput): Uint8Array {
  return utf8ToBytes(formatJson(value).replace(ESCAPED, escapeCharacter));
}
