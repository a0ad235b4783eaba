/**
 * Both halves of a transport over a socket for a thread that blocks: Node's sockets only work in a thread that does not, so such a
 * thread owns the socket and passes whole frames to and fro (docs/adr/0002).
 *
 * To the blocked thread a frame is posted and a counter raised, on which it sleeps; from it, a frame is posted.
 * @module
 */
import type { Socket } from "node:net";
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { BoundaryError, BoundaryErrorCode } from "@sotto/boundary/errors";
import { LIMITS } from "@sotto/boundary/messages";
import type { Frame, FrameChannel, FrameKind } from "../frameChannel.ts";
import { PlatformError, PlatformErrorCode } from "../platformError.ts";

/** What the blocked thread gets: a frame, or why there are no more. */
type Delivery =
  | Frame
  | { readonly failed: "disconnected" | "tooLong" | "malformed" }
  | { readonly startFailed: string };

/** What connects the two threads; the blocked one has the other end of the port. */
export type Mailbox = { readonly port: MessagePort; readonly counter: Int32Array };

const HEADER = 5;

/** Makes the blocked thread look again. */
export function wake({ counter }: Pick<Mailbox, "counter">): void {
  Atomics.add(counter, 0, 1);
  Atomics.notify(counter, 0);
}

/** Hands `delivery` to the blocked thread. */
export function deliver(mailbox: Mailbox, delivery: Delivery): void {
  mailbox.port.postMessage(delivery);
  wake(mailbox);
}

/** One frame after another out of a stream of chunks. */
class FrameAssembler {
  #header = new Uint8Array(HEADER);
  #have = 0;
  #body: Uint8Array | undefined;

  /** @returns the frame that this chunk completes. @throws {BoundaryError} TooLong; Malformed for bytes behind the frame */
  push(chunk: Uint8Array): Frame | undefined {
    let at = 0;
    if (this.#body === undefined) {
      at = Math.min(HEADER - this.#have, chunk.length);
      this.#header.set(chunk.subarray(0, at), this.#have);
      this.#have += at;
      if (this.#have < HEADER) return undefined;
      const length = new DataView(this.#header.buffer).getUint32(0, true);
      if (length > LIMITS.frame)
        throw new BoundaryError(BoundaryErrorCode.TooLong, `frame: at most ${LIMITS.frame} bytes, got ${length}`);
      this.#body = new Uint8Array(length);
    }
    const filled = this.#have - HEADER;
    const rest = chunk.subarray(at);
    // The ends take turns, so there is never a second frame behind this one.
    if (rest.length > this.#body.length - filled)
      throw new BoundaryError(BoundaryErrorCode.Malformed, "frame: bytes behind the frame");
    this.#body.set(rest, filled);
    this.#have += rest.length;
    if (this.#have < HEADER + this.#body.length) return undefined;
    const frame = { kind: this.#header[4] as number, body: this.#body };
    this.#have = 0;
    this.#body = undefined;
    return frame;
  }
}

/**
 * The half of the thread that owns the socket. The end of the socket is delivered as such, whoever caused it.
 * @param early bytes that were read from the socket before
 */
export function bridgeSocket(socket: Socket, mailbox: Mailbox, early: Uint8Array): void {
  const frames = new FrameAssembler();
  let isOver = false;
  const finish = (failed: "disconnected" | "tooLong" | "malformed"): void => {
    if (isOver) return;
    isOver = true;
    socket.destroy();
    deliver(mailbox, { failed });
  };
  const take = (chunk: Uint8Array): void => {
    try {
      const frame = frames.push(chunk);
      if (frame !== undefined) deliver(mailbox, frame);
    } catch (error) {
      finish((error as BoundaryError).code === BoundaryErrorCode.TooLong ? "tooLong" : "malformed");
    }
  };
  socket.setNoDelay(true);
  socket.on("data", take);
  socket.on("error", () => finish("disconnected"));
  socket.on("close", () => finish("disconnected"));
  mailbox.port.on("message", (bytes: Uint8Array) => socket.write(bytes));
  // The thread lives as long as its socket.
  mailbox.port.unref();
  if (early.length > 0) take(early);
}

function toError(delivery: Exclude<Delivery, Frame>): Error {
  if ("startFailed" in delivery) return new PlatformError(PlatformErrorCode.StartFailed, delivery.startFailed);
  if (delivery.failed === "tooLong")
    return new BoundaryError(BoundaryErrorCode.TooLong, `frame: at most ${LIMITS.frame} bytes, got more`);
  if (delivery.failed === "malformed")
    return new BoundaryError(BoundaryErrorCode.Malformed, "frame: bytes behind the frame");
  return new BoundaryError(BoundaryErrorCode.Disconnected, "the other end of the enclave's transport is gone");
}

function encodeFrame(kind: FrameKind, parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length > LIMITS.frame)
    throw new BoundaryError(BoundaryErrorCode.TooLong, `frame: at most ${LIMITS.frame} bytes, got ${length}`);
  const frame = new Uint8Array(HEADER + length);
  new DataView(frame.buffer).setUint32(0, length, true);
  frame[4] = kind;
  let at = HEADER;
  for (const part of parts) {
    frame.set(part, at);
    at += part.length;
  }
  return frame;
}

/** The half of the blocked thread. */
export function makeBridgedChannel({ port, counter }: Mailbox): FrameChannel {
  return {
    send: (kind, ...parts) => {
      const frame = encodeFrame(kind, parts);
      port.postMessage(frame, [frame.buffer as ArrayBuffer]);
    },
    receive: () => {
      for (;;) {
        const seen = Atomics.load(counter, 0);
        const received = receiveMessageOnPort(port) as { readonly message: Delivery } | undefined;
        if (received === undefined) {
          Atomics.wait(counter, 0, seen);
          continue;
        }
        if ("kind" in received.message) return received.message;
        throw toError(received.message);
      }
    },
  };
}
