import { describe, expect, it } from "vitest";
import { utf8ToBytes } from "../src/bytes.ts";
import {
  formatJson,
  formatJsonSorted,
  JsonError,
  JsonErrorCode,
  JsonFloat,
  MAX_JSON_DEPTH,
  parseJson,
} from "../src/json.ts";

function faultOf(input: string | Uint8Array): JsonError {
  try {
    parseJson(input);
  } catch (error) {
    if (error instanceof JsonError) return error;
    throw error;
  }
  throw new Error("was accepted");
}

const nested = (depth: number, open = "[", close = "]"): string => open.repeat(depth) + close.repeat(depth);

describe("parseJson", () => {
  it("reads each kind of value, from text and from bytes", () => {
    const text = ' {"a" : [ 1 , -2, true,false ,null,"x" ], "b":{},"c":[ ] , "":1.5}\n\t\r';
    const expected = new Map<string, unknown>([
      ["a", [1n, -2n, true, false, null, "x"]],
      ["b", new Map()],
      ["c", []],
      ["", new JsonFloat("1.5")],
    ]);
    expect(parseJson(text)).toEqual(expected);
    expect(parseJson(utf8ToBytes(text))).toEqual(expected);
  });

  it("keeps integers exact", () => {
    for (const integer of [
      "0",
      "999999999999999",
      "1000000000000000",
      "9007199254740993",
      "18446744073709551615",
      "340282366920938463463374607431768211455",
      "-9223372036854775808",
      "-170141183460469231731687303715884105728",
    ]) {
      expect(parseJson(integer)).toBe(BigInt(integer));
    }
  });

  it("keeps other numbers as they were written", () => {
    for (const number of ["-0", "0.0", "-0.10", "1e5", "1E+5", "2.50e-3", "0e0"]) {
      expect(parseJson(number)).toEqual(new JsonFloat(number));
    }
  });

  it("keeps the order of members, whatever their keys", () => {
    const text = '{"b":1,"2":2,"1":3,"__proto__":4,"constructor":5,"a":6}';
    const object = parseJson(text) as Map<string, unknown>;
    expect([...object.keys()]).toEqual(["b", "2", "1", "__proto__", "constructor", "a"]);
    expect(formatJson(parseJson(text))).toBe(text);
  });

  it("reads every escape", () => {
    expect(parseJson('"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20AC\\ud83d\\uDE00"')).toBe('"\\/\b\f\n\r\tAé€😀');
    expect(parseJson('"\\u0000\\u001f\\uffff"')).toBe("\u0000\u001f\uffff");
    expect(parseJson('"\u007f\u2028é😀"')).toBe("\u007f\u2028é😀");
  });

  it("reads what is nested as deep as allowed, and nothing deeper", () => {
    expect(() => parseJson(nested(MAX_JSON_DEPTH))).not.toThrow();
    expect(faultOf(nested(MAX_JSON_DEPTH + 1)).code).toBe(JsonErrorCode.TooDeep);
    const objects = (depth: number): string => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
    expect(() => parseJson(objects(MAX_JSON_DEPTH))).not.toThrow();
    expect(faultOf(objects(MAX_JSON_DEPTH + 1)).code).toBe(JsonErrorCode.TooDeep);
    expect(faultOf("[".repeat(1_000_000)).code).toBe(JsonErrorCode.TooDeep);
    expect(() => parseJson(`[${"[[]],".repeat(500)}[]]`)).not.toThrow();
  });

  it("refuses what is not JSON, with the code and the place of the first fault", () => {
    const { Syntax, UnexpectedEnd, TrailingCharacters, DuplicateKey, LoneSurrogate, NumberOutOfRange } = JsonErrorCode;
    const cases: readonly (readonly [string, JsonErrorCode, number])[] = [
      ["", UnexpectedEnd, 0],
      ["  ", UnexpectedEnd, 2],
      ["nul", Syntax, 0],
      ["True", Syntax, 0],
      ["undefined", Syntax, 0],
      ["NaN", Syntax, 0],
      ["Infinity", Syntax, 0],
      ["'a'", Syntax, 0],
      ["\ufeff1", Syntax, 0],
      ["\u00a01", Syntax, 0],
      ["/* c */1", Syntax, 0],
      ["+1", Syntax, 0],
      [".5", Syntax, 0],
      ["-", UnexpectedEnd, 1],
      ["-a", Syntax, 1],
      ["1.", UnexpectedEnd, 2],
      ["1.e5", Syntax, 2],
      ["1e", UnexpectedEnd, 2],
      ["1e+", UnexpectedEnd, 3],
      ["01", TrailingCharacters, 1],
      ["-01", TrailingCharacters, 2],
      ["0x10", TrailingCharacters, 1],
      ["1 2", TrailingCharacters, 2],
      ["{}}", TrailingCharacters, 2],
      ["null\u0000", TrailingCharacters, 4],
      ["1e999", NumberOutOfRange, 0],
      [`[${"9".repeat(400)}]`, NumberOutOfRange, 1],
      ["[", UnexpectedEnd, 1],
      ["[1", UnexpectedEnd, 2],
      ["[1,", UnexpectedEnd, 3],
      ["[1,]", Syntax, 3],
      ["[,1]", Syntax, 1],
      ["[1 2]", Syntax, 3],
      ["[1}", Syntax, 2],
      ["{", UnexpectedEnd, 1],
      ["{a:1}", Syntax, 1],
      ["{1:1}", Syntax, 1],
      ['{"a"}', Syntax, 4],
      ['{"a":}', Syntax, 5],
      ['{"a":1,}', Syntax, 7],
      ['{"a":1]', Syntax, 6],
      ['{"a":1 "b":2}', Syntax, 7],
      ['{"a":1,"b":2,"a":3}', DuplicateKey, 13],
      ['{"a":1,"\\u0061":3}', DuplicateKey, 7],
      ['{"__proto__":1,"__proto__":1}', DuplicateKey, 15],
      ['"a', UnexpectedEnd, 2],
      ['"a\nb"', Syntax, 2],
      ['"\u0000"', Syntax, 1],
      ['"\u001f"', Syntax, 1],
      ['"\\a"', Syntax, 2],
      ['"\\', UnexpectedEnd, 2],
      ['"\\u12', UnexpectedEnd, 5],
      ['"\\u12g4"', Syntax, 5],
      ['"\\u 123"', Syntax, 3],
      ['"\\U0041"', Syntax, 2],
      ['"\\ud83d"', LoneSurrogate, 1],
      ['"\\ude00"', LoneSurrogate, 1],
      ['"\\ud83d\\ud83d"', LoneSurrogate, 1],
      ['"\\ud83dx"', LoneSurrogate, 1],
      ['"\\ud83d\\n"', LoneSurrogate, 1],
      ['"\ud83d"', LoneSurrogate, 1],
      ['["ok","\ude00"]', LoneSurrogate, 7],
    ];
    for (const [text, code, position] of cases) {
      const fault = faultOf(text);
      expect([text, fault.code, fault.position]).toEqual([text, code, position]);
    }
  });

  it("refuses bytes that are not UTF-8", () => {
    const quoted = (...bytes: number[]): Uint8Array => Uint8Array.of(0x22, ...bytes, 0x22);
    for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]]) {
      expect(faultOf(quoted(...bytes)).code).toBe(JsonErrorCode.NotUtf8);
    }
    expect(parseJson(quoted(0xe2, 0x82, 0xac))).toBe("€");
  });

  it("never shows content in its errors", () => {
    for (const text of ['{"secret":1,"secret":2}', '["secret" secret]', "secret", '"secret']) {
      expect(faultOf(text).message).not.toContain("secret");
    }
  });
});

describe("formatJson", () => {
  it("is compact and keeps the order of members", () => {
    const value = { z: 1n, a: [null, true, "x", 5], m: new Map([["k", new JsonFloat("1.50")]]) };
    expect(formatJson(value)).toBe('{"z":1,"a":[null,true,"x",5],"m":{"k":1.50}}');
    expect(formatJson([])).toBe("[]");
    expect(formatJson({})).toBe("{}");
  });

  it("escapes what enclave §0 lists and nothing else", () => {
    expect(formatJson('"\\/\b\t\n\f\r\u0000\u001f\u007f\u2028é😀')).toBe(
      '"\\"\\\\/\\b\\t\\n\\f\\r\\u0000\\u001f\u007f\u2028é😀"',
    );
    expect(formatJson({ 'k"\u0001': 1 })).toBe('{"k\\"\\u0001":1}');
  });

  it("refuses what JSON cannot say", () => {
    for (const value of [1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, "\ud800", ["a\udc00b"]]) {
      expect(() => formatJson(value)).toThrow(RangeError);
    }
  });

  it("sorts members by the bytes of their keys where asked to, at every depth", () => {
    const value = { b: 1, a: { d: [{ y: 1, x: 2 }], c: null }, B: 2, "": 3, aa: 4, "😀": 5, "\uffff": 6, é: 7 };
    expect(formatJsonSorted(value)).toBe(
      '{"":3,"B":2,"a":{"c":null,"d":[{"x":2,"y":1}]},"aa":4,"b":1,"é":7,"\uffff":6,"😀":5}',
    );
  });

  it("leaves the value in its order when it sorts", () => {
    const value = new Map([
      ["b", 1n],
      ["a", 2n],
    ]);
    formatJsonSorted(value);
    expect([...value.keys()]).toEqual(["b", "a"]);
  });
});

describe("JsonFloat", () => {
  it("is a JSON number and nothing else", () => {
    for (const text of ["", "1.", ".5", "01.5", "+1", "NaN", "0x1", "1e", "1.5 ", "1\n"]) {
      expect(() => new JsonFloat(text)).toThrow(JsonError);
    }
    expect(() => new JsonFloat("1e400")).toThrow(JsonError);
  });
});
