/**
 * All codecs of the boundary, values for them, and the check that each takes exactly the bytes that it would write.
 */
import fc from "fast-check";
import { type Codec, decode, encode } from "../../src/codec.ts";
import { BoundaryError } from "../../src/errors.ts";
import { ECALLS, OCALLS, REFUSAL } from "../../src/messages.ts";

export type AnyCodec = Codec<unknown>;

export const CODECS: [string, AnyCodec][] = [["REFUSAL", REFUSAL as AnyCodec]];
for (const [name, { request, response }] of [...Object.entries(ECALLS), ...Object.entries(OCALLS)]) {
  CODECS.push([`${name} request`, request as AnyCodec], [`${name} response`, response as AnyCodec]);
}

/** Splits `a:u8,b:{c:u8}` at the separators that are outside all brackets. */
function splitShape(shape: string, separator: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < shape.length; i++) {
    const character = shape[i] as string;
    // `<` opens a union, but `<=` is a limit.
    if ("{(".includes(character) || (character === "<" && shape[i + 1] !== "=")) depth++;
    else if ("})>".includes(character)) depth--;
    else if (character === separator && depth === 0) {
      parts.push(shape.slice(from, i));
      from = i + 1;
    }
  }
  if (shape.length > 0) parts.push(shape.slice(from));
  return parts;
}

function named(shape: string, separator: string): [string, fc.Arbitrary<unknown>][] {
  return splitShape(shape, separator).map((part) => {
    const colon = part.indexOf(":");
    return [part.slice(0, colon), arbitraryOf(part.slice(colon + 1))];
  });
}

/** Values of a shape, made from its text, so that this is a second reading of what the shape says. */
export function arbitraryOf(shape: string): fc.Arbitrary<unknown> {
  const simple: Record<string, fc.Arbitrary<unknown>> = {
    u8: fc.nat(255),
    u32: fc.nat(2 ** 32 - 1),
    u64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    bool: fc.boolean(),
  };
  if (simple[shape] !== undefined) return simple[shape];
  const limit = /^(bytes|text|list)<=(\d+)(?:\((.*)\))?$/.exec(shape);
  if (limit !== null) {
    const max = Math.min(Number(limit[2]), 20);
    if (limit[1] === "bytes") return fc.uint8Array({ maxLength: max });
    if (limit[1] === "text") return fc.string({ unit: "binary", maxLength: Math.floor(max / 4) });
    return fc.array(arbitraryOf(limit[3] as string), { maxLength: Math.min(max, 4) });
  }
  const fixedLength = /^bytes=(\d+)$/.exec(shape);
  if (fixedLength !== null)
    return fc.uint8Array({ minLength: Number(fixedLength[1]), maxLength: Number(fixedLength[1]) });
  const inner = shape.slice(shape.indexOf(shape.startsWith("option") ? "(" : (shape[0] as string)) + 1, -1);
  if (shape.startsWith("option(")) return fc.option(arbitraryOf(inner), { nil: undefined });
  if (shape.startsWith("{")) return fc.record(Object.fromEntries(named(inner, ",")), { noNullPrototype: true });
  if (shape.startsWith("<")) {
    return fc.oneof(...named(inner, "|").map(([kind, value]) => value.map((made) => ({ kind, value: made }))));
  }
  throw new Error(`no values are known for the shape ${shape}`);
}

/** @returns whether the bytes are a value; @throws {Error} if they are one that is written otherwise, or are refused without a code */
export function checkInput(codec: AnyCodec, input: Uint8Array): boolean {
  let value: unknown;
  try {
    value = decode(codec, input);
  } catch (error) {
    if (error instanceof BoundaryError) return false;
    throw error;
  }
  if (Buffer.compare(encode(codec, value), input) !== 0) throw new Error("a value has two forms");
  return true;
}
