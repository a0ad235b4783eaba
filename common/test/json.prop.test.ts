import fc from "fast-check";
import { expect, it } from "vitest";
import { compareBytes, utf8ToBytes } from "../src/bytes.ts";
import { formatJson, formatJsonSorted, JsonError, JsonFloat, type JsonValue, parseJson } from "../src/json.ts";

const text = fc.string({ unit: "binary" });
const { value: anyValue } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(null, true, false),
    text,
    fc.bigInt({ min: -(2n ** 130n), max: 2n ** 130n }),
    fc.constantFrom("-0", "1.5", "2e7", "-1.25E-3").map((number) => new JsonFloat(number)),
    fc.array(tie("value"), { maxLength: 5 }),
    fc
      .uniqueArray(fc.tuple(text, tie("value")), { selector: ([key]) => key, maxLength: 5 })
      .map((members) => new Map(members)),
  ),
}));

/** The value as `JSON.parse` would give it. */
function loosen(value: JsonValue): unknown {
  if (typeof value === "bigint") return Number(value);
  if (value instanceof JsonFloat) return Number(value.text);
  if (Array.isArray(value)) return value.map(loosen);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, member]) => [key, loosen(member)]));
  return value;
}

it("reads what it wrote, from text and from bytes", () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      expect(parseJson(formatJson(value))).toEqual(value);
      expect(parseJson(utf8ToBytes(formatJson(value)))).toEqual(value);
    }),
  );
});

it("reads what JSON.stringify wrote, as JSON.parse does", () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: "binary" }), fc.constantFrom(undefined, 1, "\t"), (json, indent) => {
      const document = JSON.stringify(JSON.parse(json), null, indent);
      expect(loosen(parseJson(document))).toEqual(JSON.parse(document));
    }),
    { numRuns: 300 },
  );
});

it("writes what JSON.stringify writes", () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: "binary" }), (json) => {
      // Numbers of other than integer form are kept as written, so they need not be as JSON.stringify would have them.
      const document = JSON.stringify(JSON.parse(json));
      expect(formatJson(parseJson(document))).toBe(document);
    }),
    { numRuns: 300 },
  );
});

it("refuses every document that JSON.parse refuses, with a coded error", () => {
  const pieces = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"',
    "\\",
    "u12",
    "a",
    "1",
    "0",
    "-",
    ".",
    "e",
    "true",
    "null",
    " ",
    '"k":',
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 12 }), (parts) => {
      const document = parts.join("");
      let loose: unknown;
      try {
        loose = JSON.parse(document);
      } catch {
        expect(() => parseJson(document)).toThrow(JsonError);
        return;
      }
      try {
        expect(loosen(parseJson(document))).toEqual(loose);
      } catch (error) {
        // Stricter than JSON.parse in a few places, such as duplicate keys.
        if (!(error instanceof JsonError)) throw error;
      }
    }),
    { numRuns: 3000 },
  );
});

it("sorts keys in the order of their UTF-8 bytes", () => {
  fc.assert(
    fc.property(fc.uniqueArray(text), (keys) => {
      const sorted = parseJson(formatJsonSorted(new Map(keys.map((key) => [key, null]))));
      const expected = [...keys].sort((a, b) => compareBytes(utf8ToBytes(a), utf8ToBytes(b)));
      expect([...(sorted as Map<string, null>).keys()]).toEqual(expected);
    }),
  );
});
