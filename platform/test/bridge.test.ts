import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { MessageChannel } from "node:worker_threads";
import { BoundaryErrorCode } from "@sotto/boundary/errors";
import { LIMITS } from "@sotto/boundary/messages";
import { concatBytes, u32le } from "@sotto/common/bytes";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FrameChannel, FrameKind } from "../src/frameChannel.ts";
import { bridgeSocket, deliver, makeBridgedChannel } from "../src/sgx/bridge.ts";

/** A bridged channel whose socket is the test; what the test emits as data has arrived. */
function makePair(early = new Uint8Array(0)) {
  const { port1, port2 } = new MessageChannel();
  const counter = new Int32Array(new SharedArrayBuffer(4));
  const written: Uint8Array[] = [];
  const socket = Object.assign(new EventEmitter(), {
    setNoDelay: () => undefined,
    write: (bytes: Uint8Array) => written.push(bytes),
    destroy: () => undefined,
  });
  bridgeSocket(socket as unknown as Socket, { port: port1, counter }, early);
  const channel: FrameChannel = makeBridgedChannel({ port: port2, counter });
  const mailbox = { port: port1, counter };
  return { channel, socket, written, mailbox };
}

const frame = (kind: number, body: Uint8Array): Uint8Array =>
  concatBytes(u32le(body.length), Uint8Array.of(kind), body);
const error = (code: BoundaryErrorCode) => expect.objectContaining({ codespace: "boundary", code });

describe("registration §4.3: frames over a socket", () => {
  it("are put together whatever chunks they come in", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(fc.integer({ min: 1, max: 60 })), (body, cuts) => {
        const { channel, socket } = makePair();
        const bytes = frame(FrameKind.Ocall, body);
        let at = 0;
        for (const cut of [...cuts, bytes.length]) {
          const chunk = bytes.subarray(at, at + cut);
          if (chunk.length > 0) socket.emit("data", chunk);
          at += cut;
        }
        expect(channel.receive()).toEqual({ kind: FrameKind.Ocall, body });
      }),
      { numRuns: 50 },
    );
  });

  it("may begin in what came with the token", () => {
    const { channel } = makePair(Uint8Array.from(frame(FrameKind.Ready, Uint8Array.of(1))));
    expect(channel.receive()).toEqual({ kind: FrameKind.Ready, body: Uint8Array.of(1) });
  });

  it("are written in one piece", async () => {
    const { channel, written } = makePair();
    channel.send(FrameKind.Ecall, Uint8Array.of(1, 2), Uint8Array.of(3));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(written.map((bytes) => [...bytes])).toEqual([[3, 0, 0, 0, FrameKind.Ecall, 1, 2, 3]]);
  });

  it("above the limit are refused in both directions", () => {
    const { channel, socket } = makePair();
    expect(() => channel.send(FrameKind.Ecall, new Uint8Array(LIMITS.frame), Uint8Array.of(1))).toThrow(
      error(BoundaryErrorCode.TooLong),
    );
    socket.emit("data", concatBytes(u32le(LIMITS.frame + 1), Uint8Array.of(FrameKind.Ecall)));
    expect(() => channel.receive()).toThrow(error(BoundaryErrorCode.TooLong));
  });

  it("have nothing behind them", () => {
    const { channel, socket } = makePair();
    socket.emit("data", concatBytes(frame(FrameKind.Ecall, Uint8Array.of(1)), Uint8Array.of(2)));
    expect(() => channel.receive()).toThrow(error(BoundaryErrorCode.Malformed));
  });

  it.each(["close", "error"])("end with the socket (%s), once, behind the frames that came before", (event) => {
    const { channel, socket } = makePair();
    socket.emit("data", frame(FrameKind.Ecall, Uint8Array.of(1)));
    socket.emit(event);
    socket.emit("close");
    expect(channel.receive().body).toEqual(Uint8Array.of(1));
    expect(() => channel.receive()).toThrow(error(BoundaryErrorCode.Disconnected));
  });

  it("never come where the process did not start, and the reason does", () => {
    const { channel, mailbox } = makePair();
    deliver(mailbox, { startFailed: "no such program" });
    expect(() => channel.receive()).toThrow(
      expect.objectContaining({ codespace: "platform", message: "no such program" }),
    );
  });
});
