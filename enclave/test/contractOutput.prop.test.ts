/** What contracts write is theirs to choose: whatever it is, it is read exactly or not at all (enclave §3.1, contracts §5.2). */
import { bytesToBase64, concatBytes, utf8ToBytes } from "@sotto/common/bytes";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EnclaveError, EnclaveErrorCode } from "../src/enclaveError.ts";
import { type ContractOutput, parseContractOutput } from "../src/messages/contractOutput.ts";

/** What is read, or undefined for `failed to deserialize data`; anything else is thrown. */
function read(output: Uint8Array | string): ContractOutput | undefined {
  try {
    return parseContractOutput(typeof output === "string" ? utf8ToBytes(output) : output);
  } catch (error) {
    if (error instanceof EnclaveError && error.code === EnclaveErrorCode.FailedToDeserialize) return undefined;
    throw error;
  }
}
const v1 = (parts: string) => `{"Ok":{"messages":[${parts}],"attributes":[],"events":[]}}`;
const subMessage = (msg: string, id = "1", gas = "null") =>
  `{"id":${id},"msg":${msg},"gas_limit":${gas},"reply_on":"never"}`;
const readMessage = (text: string) => {
  const output = read(text);
  return output?.kind === "response" ? output.response.messages[0] : undefined;
};

const MAX_U64 = (1n << 64n) - 1n;
const MAX_U128 = (1n << 128n) - 1n;
const u64 = fc.bigInt({ min: 0n, max: MAX_U64 });
const u128 = fc.bigInt({ min: 0n, max: MAX_U128 });
const text = fc.string({ unit: "binary" }).filter((string) => !/\p{Surrogate}/u.test(string));
const blob = fc.uint8Array({ maxLength: 40 });

describe("enclave §3.1, §0: numbers in outputs are exact or refused", () => {
  it("integers of 64 bits", () => {
    fc.assert(
      fc.property(u64, u64, u64, (id, gas, codeId) => {
        const msg = `{"wasm":{"migrate":{"contract_addr":"c","code_hash":"h","msg":"","code_id":${codeId}}}}`;
        const message = readMessage(v1(subMessage(msg, `${id}`, `${gas}`)));
        expect(message).toMatchObject({ id, gasLimit: gas, message: { kind: "wasmMigrate", codeId } });
      }),
    );
  });

  it("amounts of 128 bits, as decimal text", () => {
    fc.assert(
      fc.property(u128, fc.nat(50), (amount, zeros) => {
        const coin = `{"denom":"d","amount":"${"0".repeat(zeros)}${amount}"}`;
        const message = readMessage(v1(subMessage(`{"bank":{"send":{"to_address":"t","amount":[${coin}]}}}`)));
        expect(message?.message).toMatchObject({ amount: [{ denom: "d", amount: amount.toString() }] });
      }),
    );
  });

  it.each([
    "18446744073709551616",
    "340282366920938463463374607431768211456",
    "-1",
    "-0",
    "1.0",
    "1e3",
    "0.5",
    "1e400",
    "01",
    '"1"',
    "null",
    "true",
    "[1]",
    "NaN",
    "Infinity",
    "0x1",
    "+1",
  ])("%s is no id", (id) => {
    expect(read(v1(subMessage('{"custom":{}}', id)))).toBeUndefined();
  });

  it.each(["", "-1", "+1", "1.0", "1e3", " 1", "0x1", "340282366920938463463374607431768211456", "１"])(
    "%j is no amount",
    (amount) => {
      const coin = JSON.stringify({ denom: "d", amount });
      expect(read(v1(subMessage(`{"bank":{"send":{"to_address":"t","amount":[${coin}]}}}`)))).toBeUndefined();
    },
  );

  it("amounts as numbers are refused, and so are timestamps", () => {
    expect(read(v1(subMessage('{"bank":{"burn":{"amount":[{"denom":"d","amount":1}]}}}')))).toBeUndefined();
    const send = (timestamp: string) =>
      v1(subMessage(`{"ibc":{"send_packet":{"channel_id":"c","data":"","timeout":{"timestamp":${timestamp}}}}}`));
    expect(read(send('"5"'))).toBeDefined();
    for (const bad of ["5", '"18446744073709551616"', '"-5"', '""']) expect(read(send(bad))).toBeUndefined();
  });
});

/** A v1 output as a model and as text, with members in any order and unknown ones inside messages. */
const attribute = fc.record({ key: text, value: text, encrypted: fc.option(fc.boolean(), { nil: undefined }) });
const message = fc.record({
  id: u64,
  gasLimit: fc.option(u64, { nil: undefined }),
  replyOn: fc.constantFrom("always", "error", "success", "never"),
  contract: text,
  codeHash: text,
  msg: blob,
  funds: fc.array(fc.record({ denom: text, amount: u128.map(String) }), { maxLength: 3 }),
  unknown: fc.json({ maxDepth: 2 }),
});
const model = fc.record({
  messages: fc.array(message, { maxLength: 4 }),
  attributes: fc.array(attribute, { maxLength: 4 }),
  events: fc.array(fc.record({ type: text, attributes: fc.array(attribute, { maxLength: 2 }) }), { maxLength: 3 }),
  data: fc.option(blob, { nil: undefined }),
});
type Model = typeof model extends fc.Arbitrary<infer T> ? T : never;

function write({ messages, attributes, events, data }: Model): string {
  const written = messages.map(({ id, gasLimit, replyOn, contract, codeHash, msg, funds, unknown }) => {
    const fields = { contract_addr: contract, code_hash: codeHash, msg: bytesToBase64(msg), send: funds };
    const wasm = `{"wasm":{"execute":{"unknown":${unknown},${JSON.stringify(fields).slice(1)}}}`;
    return `{"reply_on":"${replyOn}","unknown":${unknown},"msg":${wasm},"id":${id},"gas_limit":${gasLimit ?? null}}`;
  });
  const dataText = data === undefined ? "" : `,"data":"${bytesToBase64(data)}"`;
  return (
    `{ "beside" : [] , "Ok":{"events":${JSON.stringify(events)},"messages":[${written}],` +
    `"attributes":${JSON.stringify(attributes)}${dataText}}}`
  );
}

describe("enclave §3.1, contracts §5.2: outputs", () => {
  it("are read as they were meant", () => {
    const flagged = (list: Model["attributes"]) =>
      list.map(({ key, value, encrypted }) => ({ key, value, encrypted: encrypted ?? true }));
    fc.assert(
      fc.property(model, (meant) => {
        expect(read(write(meant))).toEqual({
          kind: "response",
          response: {
            api: "v1",
            messages: meant.messages.map(({ id, gasLimit, replyOn, contract, codeHash, msg, funds }) => ({
              id,
              gasLimit,
              replyOn,
              message: { kind: "wasmExecute", contract, codeHash, msg, funds },
            })),
            attributes: flagged(meant.attributes),
            events: meant.events.map(({ type, attributes }) => ({ type, attributes: flagged(attributes) })),
            data: meant.data,
          },
        });
      }),
    );
  });

  it("that are no JSON, or damaged, are read or refused and never anything else", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void read(bytes)));
    fc.assert(
      fc.property(fc.json(), (json) => void read(json)),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(model, fc.nat(), fc.nat(255), (meant, at, byte) => {
        const bytes = utf8ToBytes(write(meant));
        read(bytes.subarray(0, at % bytes.length));
        bytes[at % bytes.length] = byte;
        read(bytes);
      }),
    );
  });

  it("with any member missing or of another type are refused, as far as it is required", () => {
    const full = {
      id: 1,
      msg: { wasm: { execute: { contract_addr: "c", code_hash: "h", msg: "", send: [], callback_sig: null } } },
      gas_limit: null,
      reply_on: "never",
    };
    const asText = (message: unknown) => v1(JSON.stringify(message));
    const without = (name: string) => Object.fromEntries(Object.entries(full).filter(([key]) => key !== name));
    expect(read(asText(full))).toBeDefined();
    expect(read(asText(without("gas_limit")))).toBeDefined();
    for (const name of ["id", "msg", "reply_on"]) expect(read(asText(without(name))), name).toBeUndefined();
    const { execute } = full.msg.wasm;
    for (const name of Object.keys(execute)) {
      const fields = Object.fromEntries(Object.entries(execute).filter(([key]) => key !== name));
      const found = read(asText({ ...full, msg: { wasm: { execute: fields } } }));
      expect(found === undefined, name).toBe(name !== "callback_sig");
      for (const wrong of [5, {}, [[]], true]) {
        const broken = { ...full, msg: { wasm: { execute: { ...execute, [name]: wrong } } } };
        expect(read(asText(broken)), `${name} ${JSON.stringify(wrong)}`).toBeUndefined();
      }
    }
  });

  it.each([
    '{"wasm":{}}',
    '{"wasm":{"execute":{}}}',
    '{"wasm":{"burn":{}}}',
    '{"custom":5}',
    '{"custom":null}',
    '"custom"',
    '{"finalize_tx":null}',
    '{"finalize_tx":[]}',
    '{"custom":{},"finalize_tx":{}}',
    '{"any":{"type_url":"/x","value":""}}',
    '{"__proto__":{"send":{}}}',
    '{"constructor":{}}',
    '{"bank":{"__proto__":{}}}',
    '{"bank":{"toString":{}}}',
    '{"gov":{"vote_weighted":{}}}',
    '{"stargate":{"type_url":"/x","value":"AQ=x"}}',
    "{}",
    "[]",
    "null",
  ])("with the message %s are refused whole", (msg) => {
    expect(read(v1(`${subMessage('{"custom":{}}')},${subMessage(msg)}`))).toBeUndefined();
  });

  it.each([
    ["no object", '"text"'],
    ["a list", "[]"],
    ["a number", "1"],
    ["another member inside a result", '{"Ok":{"messages":[],"attributes":[],"events":[],"data":null,"more":1}}'],
    ["another member inside a v0.10 result", '{"Ok":{"messages":[],"log":[],"more":1}}'],
    ["no list of events", '{"Ok":{"messages":[],"attributes":[]}}'],
    ["data that is no base64", '{"Ok":{"messages":[],"log":[],"data":"*"}}'],
    ["a number as result", '{"Ok":5}'],
    ["a list as result", '{"Ok":[]}'],
    ["an empty result", '{"Ok":{}}'],
    [
      "data beside an acknowledgement",
      '{"Ok":{"messages":[],"attributes":[],"events":[],"acknowledgement":"","data":null}}',
    ],
    ["a flag that is null", '{"Ok":{"messages":[],"log":[{"key":"k","value":"v","encrypted":null}]}}'],
    ["a lone surrogate", '{"Ok":{"messages":[],"log":[{"key":"\\ud800","value":"v"}]}}'],
    ["a key that comes twice", '{"Ok":{"messages":[],"messages":[],"log":[]}}'],
    ["text behind it", '{"Ok":{"messages":[],"log":[]}} x'],
    ["nothing", ""],
  ])("%s is refused", (_, output) => {
    expect(read(output)).toBeUndefined();
  });

  it("nested too deep are refused, also in what nobody reads", () => {
    const nested = (depth: number) => `{"Ok":null,"beside":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    expect(read(nested(126))?.kind).toBe("ibc");
    expect(read(nested(127))).toBeUndefined();
  });

  it("that are not UTF-8 are refused", () => {
    const bad = concatBytes(utf8ToBytes('{"Err":"'), Uint8Array.of(0xff), utf8ToBytes('"}'));
    expect(read(bad)).toBeUndefined();
  });

  it("have a shape, the first that fits", () => {
    expect(read('{"Ok":"MQ==","Err":null}')).toEqual({ kind: "error", text: "null" });
    expect(read('{"ok":"MQ==","Ok":"Mg=="}')).toEqual({ kind: "query", text: "Mg==" });
    expect(read('{"ok":"MQ==","Ok":{"messages":[],"log":[]}}')).toEqual({ kind: "query", text: "MQ==" });
    expect(read('{"Ok":{"messages":[],"log":[],"version":"1"}}')?.kind).toBe("ibc");
    expect(read('{"Ok":{"messages":[],"attributes":[],"events":[],"acknowledgement":"AA=="}}')?.kind).toBe("ibc");
    expect(read('{"ok":{}}')?.kind).toBe("ibc");
  });

  it("that are errors keep any value, with members sorted and quotes at both ends gone (enclave §3.2)", () => {
    const errorOf = (value: string) => read(`{"Err":${value}}`);
    expect(errorOf('"say \\"hi\\""')).toEqual({ kind: "error", text: 'say \\"hi\\' });
    expect(errorOf('{"b":1,"a":{"d":18446744073709551615,"c":null}}')).toEqual({
      kind: "error",
      text: '{"a":{"c":null,"d":18446744073709551615},"b":1}',
    });
    expect(errorOf('"\\u00e9\\n\\u0001"')).toEqual({ kind: "error", text: "é\\n\\u0001" });
  });
});
