/** The door through which contracts ask, with what is behind it made up: gas to the unit, lengths to the byte. */

import { addressFromBytes, formatAddress } from "@sotto/common/address";
import { bytesToUtf8, utf8ToBytes } from "@sotto/common/bytes";
import { beforeEach, describe, expect, it } from "vitest";
import { EnclaveError, RefusalCode, RefusalError } from "../src/enclaveError.ts";
import { EngineError } from "../src/engine/engineError.ts";
import type { Frame, QueryCall } from "../src/execution/callTree.ts";
import { computeFailure } from "../src/execution/chainFailure.ts";
import { type Asking, answerQuery } from "../src/execution/contractQuery.ts";
import { WorkBudget } from "../src/execution/workBudget.ts";
import { ComputeStore } from "../src/state/computeStore.ts";
import { GasMeter, OutOfGas } from "../src/state/gasMeter.ts";
import { ScopedState } from "../src/state/scopedState.ts";
import { testCrypto } from "./harness.ts";

const ADDRESS = formatAddress(addressFromBytes(new Uint8Array(20).fill(7)));
const HASH = "ab".repeat(32);
const asking = { contract: { bytes: new Uint8Array(20) }, secret: {} } as unknown as Asking;
const CUSTOM = '{"custom":{}}';
const smartOf = (msg: string) =>
  `{"wasm":{"smart":{"contract_addr":"${ADDRESS}","callback_code_hash":"${HASH}","msg":"${msg}"}}}`;
const W = 1_000n;

let meter: GasMeter;
/** What the queried contract does. */
let callee: (frame: Frame, call: QueryCall) => string;
let hostAnswer: unknown;

beforeEach(() => {
  meter = new GasMeter(1_000_000n, { countsNative: false });
  callee = () => "";
});

function frameAt(queryDepth = 1): Frame {
  const host = { call: () => hostAnswer };
  const state = new ScopedState(host as never, { read: () => undefined });
  const calls = { query: (frame: Frame, call: QueryCall) => ({ answer: callee(frame, call), secret: {} }) };
  const tree = { services: { host, crypto: testCrypto }, state, workBudget: new WorkBudget(20_000_000n), calls };
  return { tree, meter, store: new ComputeStore(state, meter), depth: 0, queryDepth } as unknown as Frame;
}

const ask = (request: string, gasLeft = 10_000_000n, frame = frameAt()) => {
  const { answer, gasUsed } = answerQuery(frame, asking, utf8ToBytes(request), gasLeft);
  return { answer: bytesToUtf8(answer), gasUsed };
};
const thrown = (work: () => unknown): Error => {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error("expected a throw");
};

describe("contracts §2.7: order and gas of query_chain", () => {
  it("reports 500 for what is no query, and nothing for what nobody has to answer", () => {
    expect(ask("no").gasUsed).toBe(500n);
    expect(ask(CUSTOM).gasUsed).toBe(0n);
    expect(ask('{"stargate":{"path":"/p","data":""}}').gasUsed).toBe(0n);
    expect(meter.own).toBe(0n);
  });

  it("looks at the depth before anything else", () => {
    for (const request of ["no", CUSTOM, smartOf("")]) {
      expect(ask(request, 0n, frameAt(10))).toEqual({ answer: '{"Err":{"exceeded_recursion_limit":{}}}', gasUsed: 0n });
    }
    expect(ask("no", 0n, frameAt(9)).gasUsed).toBe(500n);
  });
});

describe("contracts §4.6, enclave §11.1: the meter of a query", () => {
  it("has a thousandth of the caller's gas, rounded down, and one more of depth", () => {
    let given: Frame | undefined;
    callee = (frame) => {
      given = frame;
      return "";
    };
    ask(smartOf(""), 1_234_999n);
    expect(given?.meter.limit).toBe(1_234n);
    expect(given?.queryDepth).toBe(2);
    expect(given?.meter).not.toBe(meter);
  });

  it.each<[string, (frame: Frame) => string, unknown]>([
    ["succeeds", () => "", undefined],
    [
      "fails",
      () => {
        throw computeFailure(4, "text");
      },
      undefined,
    ],
    ["gives no base64", () => "!", EngineError],
  ])("is added to the caller's when the callee %s", (_, outcome, error) => {
    callee = (frame) => {
      frame.meter.consume(321n, "work");
      frame.meter.noteNative(45n, "work");
      return outcome(frame);
    };
    if (error === undefined) expect(ask(smartOf(""))).toMatchObject({ gasUsed: 366n });
    else expect(thrown(() => ask(smartOf("")))).toBeInstanceOf(error);
    expect(meter).toMatchObject({ own: 321n, native: 45n });
  });

  it("ends the caller when it runs dry, and the whole message when the caller's does", () => {
    callee = (frame) => {
      frame.meter.consume(700n, "work");
      return "";
    };
    expect(thrown(() => ask(smartOf(""), 699n * W))).toMatchObject({ codespace: "enclave", code: 2 });
    // What ran over is charged as well: the reference counts before it looks.
    expect(meter.own).toBe(700n);
    meter = new GasMeter(500n, { countsNative: false });
    expect(thrown(() => ask(smartOf(""), 1_000n * W))).toEqual(new OutOfGas("contract sub-query"));
  });

  it("does not ask the host with more changed records than fit into a call", () => {
    hostAnswer = { result: { kind: "ok", value: utf8ToBytes("{}") }, gasUsed: 0n };
    const frame = frameAt();
    const record = (at: number) => frame.tree.state.write("compute", Uint8Array.of(2, at), new Uint8Array(2_000_000));
    for (let i = 0; i < 8; i++) record(i);
    const request = '{"ibc":{"port_id":{}}}';
    expect(ask(request, 10_000_000n, frame).answer).toContain("Ok");
    record(8);
    expect(thrown(() => ask(request, 10_000_000n, frame))).toMatchObject({ codespace: "enclave", code: 3 });
    expect(ask('{"gov":{"proposals":{}}}', 10_000_000n, frame).answer).toContain("Ok");
  });

  it("lets a lie of the host through as one", () => {
    callee = () => {
      throw new RefusalError(RefusalCode.HostMisbehavior, "lie");
    };
    meter = new GasMeter(0n, { countsNative: false });
    expect(thrown(() => ask(smartOf("")))).toBeInstanceOf(RefusalError);
  });

  it("counts what the host's answers cost in a limited scope", () => {
    hostAnswer = { result: { kind: "ok", value: utf8ToBytes("{}") }, gasUsed: 77n };
    expect(ask('{"gov":{"proposals":{}}}').gasUsed).toBe(77n);
    meter = new GasMeter(76n, { countsNative: true });
    expect(thrown(() => ask('{"gov":{"proposals":{}}}'))).toBeInstanceOf(OutOfGas);
  });
});

describe("contracts §1.6, enclave §11.5: lengths of requests", () => {
  const LONGEST = 2_048_000 - 80 - HASH.length;
  const message = (length: number) => smartOf("A".repeat((length / 3) * 4));

  it("takes messages up to the limit of a call, hash and encryption included", () => {
    let opened = 0;
    callee = (_, { open }) => {
      try {
        opened = open().input.message.length;
        return "";
      } catch (error) {
        throw computeFailure(4, `${(error as Error).message} ${error instanceof EnclaveError}`);
      }
    };
    const fits = LONGEST - (LONGEST % 3);
    expect(ask(message(fits)).answer).toBe('{"Ok":{"Ok":""}}');
    expect(opened).toBe(fits);
    expect(ask(message(fits + 3)).answer).toContain(
      "calling a function in the contract failed for an unexpected reason true",
    );
  });

  it("does not hand the host what does not fit through the boundary", () => {
    hostAnswer = { result: { kind: "ok", value: utf8ToBytes("{}") }, gasUsed: 0n };
    const balances = (length: number) => `{"bank":{"all_balances":{"address":"${"a".repeat(length)}"}}}`;
    expect(ask(balances(2_047_000)).answer).toContain('{"Ok":');
    expect(ask(balances(2_048_000))).toMatchObject({ answer: expect.stringContaining("the request is too long") });
  });

  it("finds no entry under a key that is longer than any", () => {
    const key = "A".repeat(4_000_000);
    const raw = `{"wasm":{"raw":{"contract_addr":"${ADDRESS}","callback_code_hash":"","key":"${key}"}}}`;
    expect(ask(raw).answer).toBe(`{"Ok":{"Ok":"W10="}}`);
  });
});

describe("contracts §2.7: queries that cost nothing", () => {
  it("end when a message has made far more of them than it could pay for", () => {
    const long = utf8ToBytes(`{"bank":"${"x".repeat(1_000_000)}`);
    const frame = frameAt();
    let count = 0;
    const before = process.cpuUsage();
    const error = thrown(() => {
      for (; ; count++) answerQuery(frame, asking, long, 0n);
    });
    const { user, system } = process.cpuUsage(before);
    expect(error).toMatchObject({ codespace: "enclave", code: 3 });
    // Each counts with the request, and with its answer, in which the request is base64.
    expect(count).toBe(57);
    expect((user + system) / 1e6).toBeLessThan(60);
  });

  it("count when they are short, and with the records that the host must have", () => {
    const taken = (request: string): number => {
      hostAnswer = { result: { kind: "ok", value: utf8ToBytes("{}") }, gasUsed: 0n };
      const frame = frameAt();
      let taken = 0;
      const workBudget = {
        take: (length: number) => (taken += length),
        takeQuery: (length: number) => (taken += Math.max(length, 512)),
      };
      Object.assign(frame.tree, { workBudget });
      for (let i = 0; i < 1_000; i++) {
        frame.tree.state.write("compute", Uint8Array.of(3, i, i >> 8), new Uint8Array(1_000));
        frame.tree.state.write("compute", Uint8Array.of(7, i, i >> 8), new Uint8Array(10));
      }
      ask(request, 0n, frame);
      return taken;
    };
    const stargate = (service: string) => `{"stargate":{"path":"/${service}.Query/Params","data":""}}`;
    for (const request of [CUSTOM, '{"gov":{"proposals":{}}}', stargate("cosmos.auth.v1beta1")]) {
      expect(taken(request)).toBe(1_024);
    }
    expect(taken('{"ibc":{"port_id":{}}}')).toBe(1_024 + 2_000 * 64 + 1_000 * 13);
  });

  it("are counted for all calls of one message together", () => {
    const budget = new WorkBudget(20_000_000n);
    for (let i = 0; i < 128; i++) budget.take(1_048_576);
    budget.take(1_048_576);
    expect(() => budget.take(1)).toThrow("calling a function in the contract failed for an unexpected reason");
  });
});
