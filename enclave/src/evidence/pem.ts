/**
 * PEM: base64 in lines between two marks, and nothing else (registration §6.3, §6.4).
 * @module
 */
import { base64ToBytes, tryBytesToUtf8 } from "@sotto/common/bytes";
import { InputError, InputErrorCode } from "@sotto/common/errors";

const END_LINE = /\r?\n/;

/**
 * The DER of each block in order.
 * @param label `CERTIFICATE` or `X509 CRL`
 * @throws {InputError} Malformed, unless the bytes are such blocks and nothing else; the last line may lack its end, a NUL may follow
 */
export function readPem(bytes: Uint8Array, label: string): Uint8Array[] {
  const withoutNul = bytes[bytes.length - 1] === 0 ? bytes.subarray(0, -1) : bytes;
  const lines = tryBytesToUtf8(withoutNul)?.split(END_LINE) ?? [];
  if (lines[lines.length - 1] === "") lines.pop();
  const blocks: Uint8Array[] = [];
  let base64: string | undefined;
  for (const line of lines) {
    if (base64 === undefined && line === `-----BEGIN ${label}-----`) base64 = "";
    else if (base64 !== undefined && line === `-----END ${label}-----`) {
      blocks.push(base64ToBytes(base64));
      base64 = undefined;
    } else if (base64 !== undefined) base64 += line;
    else throw malformed(label);
  }
  if (base64 !== undefined) throw malformed(label);
  return blocks;
}

function malformed(label: string): InputError {
  return new InputError(InputErrorCode.Malformed, `PEM: expected blocks of ${label} and nothing else`);
}
