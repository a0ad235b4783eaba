/** What is peculiar to contracts of version 0.10, with the v0.10 probe on the engine. */
import { encodeBech32 } from "@sotto/common/bech32";
import { bytesToBase64 } from "@sotto/common/bytes";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ALICE, b64, CONTRACT, RustContract } from "./rustContract.ts";

const probe = new RustContract("probe_v010");
const PROPERTY = { numRuns: 200, seed: 20261125 };

describe("contracts §3.1: entry points of v0.10", () => {
  test("take env and message in init, handle and migrate, the message alone in query", () => {
    const echo = { run: { ops: [{ echo_env: {} }, { echo_info: {} }, { echo_message: {} }, { version: {} }] } };
    for (const entry of ["instantiate", "execute", "migrate"] as const) {
      const { Ok } = probe.answer(entry, echo) as { Ok: { data: string } };
      const [env, info, message, version] = JSON.parse(atob(Ok.data));
      expect(JSON.parse(env)).toMatchObject({
        message: { sender: ALICE, sent_funds: [] },
        contract: { address: CONTRACT },
      });
      expect([info, message, version]).toEqual([null, JSON.stringify(echo), "probe v0.10"]);
    }
    expect(probe.query(echo)).toEqual([null, null, JSON.stringify(echo), "probe v0.10"]);
  });
});

describe("contracts §5.2: outputs of v0.10", () => {
  test("have messages, log and data", () => {
    const operation = {
      run: {
        ops: [
          { attribute: { key: "k", value: "v" } },
          { attribute: { key: "open", value: "v", plaintext: true } },
          { send_raw: { messages: [{ custom: { any: ["thing", 1, -1, null, true] } }, "no message"] } },
          { set_data: { data: b64("data") } },
        ],
      },
    };
    expect(probe.output("execute", operation)).toBe(
      `{"Ok":{"messages":[{"custom":{"any":["thing",1,-1,null,true]}},"no message"],"log":[{"key":"k","value":"v",` +
        `"encrypted":true},{"key":"open","value":"v","encrypted":false}],"data":"${b64("data")}"}}`,
    );
    expect(probe.output("instantiate", { noop: {} })).toBe('{"Ok":{"messages":[],"log":[],"data":null}}');
  });

  test("may hold JSON that no library would write", () => {
    const raw = (text: string) => ({ send_raw: { messages: [{ $raw: text }] } });
    const numbers = "1e400,18446744073709551616,-0.5,01";
    expect(probe.output("execute", raw(numbers))).toContain(`"messages":[${numbers}]`);
  });
});

/** contracts §5.7, last lines */
const STD_ERRORS = [
  { generic_err: { msg: 'say "no"' } },
  { invalid_base64: { msg: "m" } },
  { invalid_utf8: { msg: "m" } },
  { not_found: { kind: "k" } },
  { null_pointer: {} },
  { parse_err: { target: "t", msg: "m" } },
  { serialize_err: { source: "s", msg: "m" } },
  { unauthorized: {} },
  { underflow: { minuend: "1", subtrahend: "2" } },
];

describe("contracts §5.2, §5.7: errors of v0.10", () => {
  test.each(STD_ERRORS)("%o comes from every entry point", (error) => {
    for (const entry of ["instantiate", "execute", "migrate", "query"] as const) {
      expect(probe.answer(entry, { fail_with: { error } })).toEqual({ Err: error });
    }
  });

  test("of a text are generic", () => {
    expect(probe.answer("query", { fail: { text: "no" } })).toEqual({ Err: { generic_err: { msg: "no" } } });
  });
});

describe("contracts §2.4: address functions of v0.10", () => {
  const canonicalize = (address: string) => probe.outcome({ addr_canonicalize: { address } });
  const bytes = new Uint8Array(20).fill(7);
  const good = encodeBech32("secret", bytes);
  const wrongChecksum = good.slice(0, -1) + (good.endsWith("q") ? "p" : "q");

  test("canonicalize_address trims white space of Unicode on both sides", () => {
    for (const [before, after] of [
      ["", ""],
      [" ", "\n"],
      ["\u0085\t", "\u3000\u2028"],
    ]) {
      expect(canonicalize(`${before}${good}${after}`)).toBe(bytesToBase64(bytes));
    }
  });

  test.each([
    ["", "input is empty"],
    [" \n\u00a0", "input is empty"],
    ["secret1", "invalid length"],
    [" secret ", "invalid length"],
    ["secretsecret", 'missing human-readable separator, "1"'],
    ["secret1qqqqq", "invalid length"],
    ["1qqqqqqqqqq", "invalid length"],
    [`${"a".repeat(84)}1qqqqqqqqqq`, "invalid length"],
    ["sec ret1qqqqqqqqqq", "invalid character (code= )"],
    ["secret1qqqqqqqqqb", "invalid character (code=b)"],
    [`S${good.slice(1)}`, "mixed-case strings not allowed"],
    [wrongChecksum, "invalid checksum"],
    [encodeBech32("cosmos", bytes), 'wrong address prefix: "cosmos"'],
    [encodeBech32('co"mos', bytes), 'wrong address prefix: "co\\"mos"'],
  ])("canonicalize_address of %j says %j", (address, error) => {
    expect(canonicalize(address)).toEqual({ error });
  });

  test("canonicalize_address takes upper case, and refuses what is not UTF-8", () => {
    expect(canonicalize(good.toUpperCase())).toBe(bytesToBase64(bytes));
    const raw = { addr_canonicalize: { bytes: bytesToBase64(Uint8Array.of(0xff, 0xfe)) } };
    expect(probe.outcome(raw)).toEqual({ error: "input is not valid UTF-8" });
  });

  test("humanize_address and canonicalize_address are inverse for bytes of any length", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 80 }), (canonical) => {
        const human = probe.outcome({ addr_humanize: { canonical: bytesToBase64(canonical) } });
        expect(human).toBe(encodeBech32("secret", canonical));
        expect(canonicalize(human as string)).toBe(bytesToBase64(canonical));
      }),
      PROPERTY,
    );
  });

  test("humanize_address of nothing is a prefix and a checksum", () => {
    const human = probe.outcome({ addr_humanize: { canonical: "" } });
    expect(human).toBe(encodeBech32("secret", new Uint8Array(0)));
  });
});

describe("contracts §7: what v0.10 does not have", () => {
  test.each([
    [{ addr_validate: { address: ALICE } }, "no import is called addr_validate"],
    [{ check_gas: {} }, "no import is called check_gas"],
    [{ gas_evaporate: { amount: 1 } }, "no import is called gas_evaporate"],
    [{ debug: { text: "x" } }, "no import is called debug"],
    [{ dcap_quote_verify: { quote: "", collateral: "" } }, "no import is called dcap_quote_verify"],
    [{ event: { type: "kind", attributes: [] } }, "version 0.10 has no events"],
  ])("%o is an error of the probe", (operation, msg) => {
    expect(probe.answer("execute", operation)).toEqual({ Err: { generic_err: { msg } } });
  });
});
