import { CodedError } from "@sotto/common/errors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Codec, decode, encode } from "../src/codec.ts";
import { ECALLS, OCALLS, REFUSAL } from "../src/messages.ts";

type AnyCodec = Codec<unknown>;

const CODECS: [string, AnyCodec][] = [["REFUSAL", REFUSAL as AnyCodec]];
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
function arbitraryOf(shape: string): fc.Arbitrary<unknown> {
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

describe.each(CODECS)("%s", (_, codec) => {
  const values = arbitraryOf(codec.shape);

  it("decodes what it encoded", () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decode(codec, encode(codec, value))).toEqual(value);
      }),
    );
  });

  it("accepts of changed bytes only those that it would write itself, and refuses the others with a code", () => {
    fc.assert(
      fc.property(
        values,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
        fc.nat(3),
        (value, changes, cut) => {
          const good = encode(codec, value);
          const input = good.slice(0, Math.max(0, good.length - cut));
          for (const [at, byte] of changes) if (input.length > 0) input[at % input.length] = byte;
          expectCanonical(codec, input);
        },
      ),
    );
  });

  it("accepts of random bytes only those that it would write itself, and refuses the others with a code", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (input) => {
        expectCanonical(codec, input);
      }),
    );
  });
});

function expectCanonical(codec: AnyCodec, input: Uint8Array): void {
  let value: unknown;
  try {
    value = decode(codec, input);
  } catch (error) {
    expect(error).toBeInstanceOf(CodedError);
    expect(["boundary", "input"]).toContain((error as CodedError).codespace);
    return;
  }
  expect(encode(codec, value)).toEqual(input);
}
