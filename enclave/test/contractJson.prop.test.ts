import { base64ToBytes, bytesToUtf8, utf8ToBytes } from "@sotto/common/bytes";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JsonCursor } from "../src/messages/parser/jsonCursor.ts";
import { ParserFault } from "../src/messages/parser/parserFault.ts";
import { ignoreValue, readAnyValue } from "../src/messages/parser/passValue.ts";
import { parseQueryRequest } from "../src/messages/queryRequest.ts";
import { normalizeStdError } from "../src/messages/stdError.ts";

const members = {
  bank: { balance: ["address", "denom"], all_balances: ["address"] },
  staking: { bonded_denom: [], delegation: ["delegator", "validator"], validator: ["address"] },
  dist: { rewards: ["delegator"] },
  mint: { inflation: [], bonded_ratio: [] },
  gov: { proposals: [] },
} as const;
const text = fc.string({ unit: "grapheme" });
/** Requests for the host, and their members in any order among others that nobody knows. */
const chainRequest = fc
  .constantFrom(
    ...Object.entries(members).flatMap(([module, queries]) =>
      Object.entries(queries).map(([query, names]) => ({ module, query, names: names as readonly string[] })),
    ),
  )
  .chain(({ module, query, names }) =>
    fc.record({
      module: fc.constant(module),
      query: fc.constant(query),
      names: fc.constant(names),
      values: fc.array(text, { minLength: names.length, maxLength: names.length }),
      others: fc.dictionary(text, fc.jsonValue(), { maxKeys: 3 }),
      isReversed: fc.boolean(),
      indent: fc.constantFrom(undefined, 1, "\t"),
    }),
  );

const passes = (pass: (cursor: JsonCursor) => void, input: Uint8Array): boolean => {
  const cursor = new JsonCursor(input);
  try {
    pass(cursor);
    cursor.endDocument();
    return true;
  } catch (error) {
    if (error instanceof ParserFault) return false;
    throw error;
  }
};

describe("contracts §5.7: JSON that contracts write", () => {
  it("never throws anything but a fault, whatever the bytes", () => {
    const part = fc.constantFrom(
      ...'{}[],:"\\ \n',
      '"bank"',
      '{"wasm":',
      '{"smart":',
      '"msg":',
      "null",
      "-1.5e3",
      "é",
      "\\ud800",
    );
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(part, { maxLength: 30 }).map((parts) => utf8ToBytes(parts.join(""))),
    );
    fc.assert(
      fc.property(bytes, (input) => {
        parseQueryRequest(input);
        try {
          normalizeStdError(input);
        } catch (error) {
          expect(error).toBeInstanceOf(ParserFault);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("reads valid requests as JSON.parse does, and hands on the known members alone, in their order", () => {
    fc.assert(
      fc.property(chainRequest, ({ module, query, names, values, others, isReversed, indent }) => {
        const known = names.map((name, i) => [name, values[i]] as const);
        const unknown = Object.entries(others).filter(([name]) => !names.includes(name));
        const all = isReversed ? [...unknown, ...known].reverse() : [...known, ...unknown];
        const source = JSON.stringify({ [module]: { [query]: Object.fromEntries(all) } }, null, indent);
        const request = parseQueryRequest(utf8ToBytes(source));
        const expected = JSON.stringify({ [module]: { [query]: Object.fromEntries(known) } });
        expect(request.kind === "chain" ? bytesToUtf8(request.json) : request).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  it("reads bytes and texts of smart queries exactly", () => {
    fc.assert(
      fc.property(text, text, fc.uint8Array({ maxLength: 100 }), (contract_addr, callback_code_hash, message) => {
        const msg = Buffer.from(message).toString("base64");
        const source = JSON.stringify({ wasm: { smart: { contract_addr, callback_code_hash, msg } } });
        expect(parseQueryRequest(utf8ToBytes(source))).toEqual({
          kind: "smart",
          contract: contract_addr,
          codeHash: callback_code_hash,
          message: base64ToBytes(msg),
        });
      }),
    );
  });

  it("passes over the same values in both ways, and those that JSON.parse takes", () => {
    const mutated = fc.record({
      value: fc.jsonValue(),
      at: fc.nat(),
      insert: fc.constantFrom("", ",", "]", "}", '"', "1", "x"),
    });
    fc.assert(
      fc.property(mutated, ({ value, at, insert }) => {
        const source = JSON.stringify(value);
        const place = at % (source.length + 1);
        const changed = source.slice(0, place) + insert + source.slice(place);
        let isJson = true;
        let isHuge = false;
        try {
          JSON.parse(changed, (_, part) => {
            isHuge ||= typeof part === "number" && !Number.isFinite(part);
            return part;
          });
        } catch {
          isJson = false;
        }
        // Only numbers that are read must be within range.
        expect(passes(readAnyValue, utf8ToBytes(changed))).toBe(isJson && !isHuge);
        expect(passes(ignoreValue, utf8ToBytes(changed))).toBe(isJson);
      }),
      { numRuns: 1_000 },
    );
  });

  it("takes time in proportion to the length", () => {
    const cost = (length: number): number => {
      const inputs = [
        `{"bank":{"balance":{"address":"${"a".repeat(length)}"}}}`,
        `{"custom":${"9".repeat(length)}`,
        `{"bank":{"balance":{"x":${"[".repeat(length)}`,
        `{"bank":{"balance":{"address":"${"\\u00e9".repeat(length / 6)}\n`,
      ].map(utf8ToBytes);
      const before = process.cpuUsage();
      for (let i = 0; i < 5; i++) for (const input of inputs) expect(parseQueryRequest(input).kind).toBe("invalid");
      const { user, system } = process.cpuUsage(before);
      return user + system;
    };
    cost(20_000);
    expect(cost(200_000)).toBeLessThan(40 * cost(20_000) + 200_000);
  });
});
