import { create, type DescField, type DescMessage, equals, type Message, ScalarType } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fieldKindOf, isNullable } from "../src/api/json/fieldKind.ts";
import { makeParseMessage } from "../src/api/json/parseMessage.ts";
import { makeRenderMessage } from "../src/api/json/renderMessage.ts";
import { formatDecimal, formatTime, fromBase64, parseDecimal, toBase64 } from "../src/api/json/text.ts";
import { makeRegistry } from "../src/proto/registry.ts";

const registry = makeRegistry();
const render = makeRenderMessage(registry);
const parse = makeParseMessage(registry);
/** The definitions of protobuf itself have maps, groups and extensions; no answer holds them. */
const messages = [...registry].filter(
  (type): type is DescMessage =>
    type.kind === "message" && !/^(google|gogoproto|amino|cosmos_proto)\./.test(type.typeName),
);

const bytes = (max: number) => fc.uint8Array({ maxLength: max });
const integer = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }).map(String);

function arbitraryScalar(field: DescField): fc.Arbitrary<unknown> {
  if (field.enum !== undefined) return fc.constantFrom(...field.enum.values.map(({ number }) => number));
  const kind = fieldKindOf(field);
  if (kind === "address") return fc.constantFrom(new Uint8Array(0), new Uint8Array(20).fill(3));
  if (kind !== "plain") {
    return field.scalar === ScalarType.BYTES ? integer.map((text) => new Uint8Array(Buffer.from(text))) : integer;
  }
  switch (field.scalar) {
    case ScalarType.STRING:
      return fc.string({ unit: "binary" });
    case ScalarType.BYTES:
      return bytes(40);
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.INT64:
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case ScalarType.UINT64:
      return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    case ScalarType.INT32:
      return fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    default:
      return fc.integer({ min: 0, max: 2 ** 32 - 1 });
  }
}

function arbitraryMessage(desc: DescMessage, depth: number): fc.Arbitrary<Message> {
  switch (desc.typeName) {
    case "google.protobuf.Any":
      return bytes(9).map((value) => create(desc, { typeUrl: "/no.such.Type", value } as Record<string, unknown>));
    case "google.protobuf.Timestamp":
      return fc
        .record({
          seconds: fc.bigInt({ min: -62_135_596_800n, max: 253_402_300_799n }),
          nanos: fc.integer({ min: 0, max: 999_999_999 }),
        })
        .map((time) => create(desc, time as Record<string, unknown>));
    case "google.protobuf.Duration":
      return fc
        .record({ seconds: fc.bigInt({ min: 0n, max: 10n ** 10n }), nanos: fc.integer({ min: 0, max: 999_999_999 }) })
        .map((time) => create(desc, time as Record<string, unknown>));
  }
  const members: Record<string, fc.Arbitrary<unknown>> = {};
  for (const field of desc.fields) {
    const message = field.message;
    const one =
      message === undefined
        ? arbitraryScalar(field)
        : fc.constant(null).chain(() => arbitraryMessage(message, depth - 1));
    if (depth <= 0 && message !== undefined) continue;
    if (field.oneof !== undefined)
      members[field.oneof.localName] = one.map((value) => ({ case: field.localName, value }));
    else if (field.fieldKind === "list") members[field.localName] = fc.array(one, { maxLength: 3 });
    // Absent and zero look the same where Go has no pointer.
    else if (message !== undefined && isNullable(field)) members[field.localName] = fc.option(one, { nil: undefined });
    else members[field.localName] = one;
  }
  return fc.record(members).map((value) => create(desc, value as Record<string, unknown>));
}

function expectAllFields(desc: DescMessage, json: Record<string, unknown>): void {
  for (const field of desc.fields) {
    if (field.oneof === undefined) expect(json, `${desc.typeName}.${field.name}`).toHaveProperty(field.name);
  }
}

describe("JSON of messages", () => {
  it(`has every field of each of ${messages.length} types, zero or not, and reads back as it was`, () => {
    for (const desc of messages) {
      expectAllFields(desc, JSON.parse(render(desc, create(desc))));
      fc.assert(
        fc.property(arbitraryMessage(desc, 3), (message) => {
          const json = JSON.parse(render(desc, message));
          expectAllFields(desc, json);
          // Zero values of what is no pointer are written, so they come back as values.
          const back = parse(desc, json);
          expect(render(desc, back)).toBe(render(desc, message));
        }),
        { numRuns: 20 },
      );
    }
  });

  it("is the same for the same message whatever the order of members in the body", () => {
    const desc = registry.getMessage("cosmos.tx.v1beta1.BroadcastTxRequest") as DescMessage;
    const a = parse(desc, { tx_bytes: "AQ==", mode: 2 });
    expect(equals(desc, a, parse(desc, { mode: "BROADCAST_MODE_SYNC", txBytes: "AQ" }))).toBe(true);
  });

  it("reads any JSON without any error but its own", () => {
    fc.assert(
      fc.property(fc.constantFrom(...messages), fc.jsonValue({ maxDepth: 5 }), (desc, json) => {
        const wrapped = Object.fromEntries(desc.fields.map((field) => [field.name, json]));
        for (const body of [json, wrapped]) {
          try {
            parse(desc, body);
          } catch (error) {
            expect((error as Error).name).toBe("ApiError");
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("stops at a depth that the stack holds", () => {
    const desc = registry.getMessage("cosmos.tx.v1beta1.TxEncodeRequest") as DescMessage;
    let json: unknown = { single: { mode: 1 } };
    for (let i = 0; i < 5000; i++) json = { multi: { mode_infos: [json] } };
    expect(() => parse(desc, { tx: { auth_info: { signer_infos: [{ mode_info: json }] } } })).toThrow(
      /levels of nesting/,
    );
  });
});

describe("leaves", () => {
  it("decimals read back as they were", () => {
    fc.assert(
      fc.property(integer, (text) => {
        expect(parseDecimal(formatDecimal(text))).toBe(text);
      }),
    );
    expect(formatDecimal("-20000000000000000")).toBe("-0.020000000000000000");
    expect(formatDecimal("")).toBe("0.000000000000000000");
  });

  it("base64 reads back in every spelling", () => {
    fc.assert(
      fc.property(bytes(64), (value) => {
        const text = toBase64(value);
        for (const spelling of [
          text,
          text.replaceAll("+", " "),
          text.replaceAll("+", "-").replaceAll("/", "_"),
          text.replaceAll("=", ""),
        ]) {
          expect(fromBase64(spelling)).toEqual(value);
        }
      }),
    );
    expect(fromBase64("AA*A")).toEqual({ badAt: 2 });
    expect(fromBase64("A")).toEqual({ badAt: 0 });
  });

  it("times have 0, 3, 6 or 9 fraction digits", () => {
    const fraction = (nanos: number) => formatTime(0n, nanos);
    expect([0, 5_000_000, 5_000, 5].map(fraction)).toEqual([
      "1970-01-01T00:00:00Z",
      "1970-01-01T00:00:00.005Z",
      "1970-01-01T00:00:00.000005Z",
      "1970-01-01T00:00:00.000000005Z",
    ]);
    expect(formatTime(-62_135_596_800n, 0)).toBe("0001-01-01T00:00:00Z");
    expect(formatTime(1n << 62n, 0)).toBeUndefined();
  });
});
