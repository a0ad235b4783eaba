/**
 * A small bundle for tests of the transports: what it does is the first byte of the request.
 * @module
 */

export const Command = {
  /** Answers with the request. */
  Echo: 0,
  /** Second byte: how many ocalls, each with the rest of the request; answers with the answers, joined. */
  Ocalls: 1,
  /** Throws an error with text that must not leave. */
  Throw: 2,
  /** Answers with more bytes than a frame may have. */
  LongAnswer: 3,
  /** Answers with something that is not bytes. */
  NoBytes: 4,
  /** Makes an ocall with more bytes than a frame may have, and answers with what became of it. */
  LongOcall: 5,
  /** Second byte: how many random bytes. */
  Random: 6,
  SealingKey: 7,
  Measurement: 8,
  /** Eleven calls nested through the host language, each with a full counted stack of wasm frames (design, "Contracts"). */
  DeepStack: 9,
  /** Names of what the bundle finds beside the language: `require`, `module`. */
  Surroundings: 10,
  /** Changes the request's bytes and then asks the host, with a buffer that it changes afterwards. */
  Scribble: 11,
  /** Answers with a quote over the rest of the request. */
  Quote: 12,
  /** For the process transport alone: kills its process, answers with the process's id, computes for ever. */
  Die: 20,
  ProcessId: 21,
  Spin: 22,
} as const;

/**
 * (module (import "e" "next" (func $next)) (global $g (mut i32) (i32.const 0))
 *   (func $f (global.set $g (i32.sub (global.get $g) (i32.const 1)))
 *     (if (global.get $g) (then (call $f)) (else (call $next))))
 *   (func (export "run") (param i32) (global.set $g (local.get 0)) (call $f)))
 *
 * Two operands deep and no locals: 48 counted bytes, the least that a recursion can cost, and so the most real frames.
 */
const RECURSION = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 2, 96, 0, 0, 96, 1, 127, 0, 2, 10, 1, 1, 101, 4, 110, 101, 120, 116, 0, 0, 3, 3, 2,
  0, 1, 6, 6, 1, 127, 1, 65, 0, 11, 7, 7, 1, 3, 114, 117, 110, 0, 2, 10, 30, 2, 19, 0, 35, 0, 65, 1, 107, 36, 0, 35, 0,
  4, 64, 16, 1, 5, 16, 0, 11, 11, 8, 0, 32, 0, 36, 0, 16, 1, 11,
];

export const SECRET_TEXT = "the plaintext of a contract";

export const FIXTURE_BUNDLE = new TextEncoder().encode(`"use strict";
// A bundle for tests. It holds text beyond ASCII: äöü → 🙂
exports.makeEnclave = (powers) => {
  const text = (value) => Uint8Array.from(value, (character) => character.charCodeAt(0));
  const join = (parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
  const deepStack = (levels) => {
    const module = new powers.wasm.Module(Uint8Array.from(${JSON.stringify(RECURSION)}));
    let deepest = 0;
    const enter = (level) => {
      deepest = Math.max(deepest, level);
      if (level === levels) return;
      const instance = new powers.wasm.Instance(module, { e: { next: () => enter(level + 1) } });
      instance.exports.run(${Math.floor(61_440 / 48)});
    };
    enter(0);
    return deepest;
  };
  const commands = {
    0: (request) => request,
    1: (request) => join(Array.from({ length: request[1] }, () => powers.ocall(request.subarray(2)))),
    2: () => { throw new Error(${JSON.stringify(SECRET_TEXT)}); },
    3: () => new Uint8Array(33554433),
    4: () => "text",
    5: () => {
      try { powers.ocall(new Uint8Array(33554433)); } catch (error) { return text(error.name); }
      return text("sent");
    },
    6: (request) => powers.randomBytes(request[1]),
    7: () => powers.sealingKey(),
    8: () => powers.measurement,
    9: () => Uint8Array.of(deepStack(11)),
    10: () => text([typeof require, typeof module, typeof exports, this === undefined].join()),
    11: (request) => {
      request.fill(255);
      const mine = Uint8Array.of(1, 2, 3);
      const answer = powers.ocall(mine);
      mine.fill(0);
      return answer;
    },
    12: (request) => powers.quote(request.slice(1)),
    20: () => process.kill(process.pid, "SIGKILL"),
    21: () => text(String(process.pid)),
    22: () => { for (;;); },
  };
  return { ecall: (request) => commands[request[0]](request) };
};
`);
