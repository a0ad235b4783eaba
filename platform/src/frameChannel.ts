/**
 * Frames over two blocking file descriptors: u32 length of the body (little endian), one byte of kind, the body.
 *
 * Reads and writes block the calling thread, which is the point: an ecall waits for its ocalls and cannot go on without.
 * @module
 */

import { readSync, writeSync } from "node:fs";
import { BoundaryError, BoundaryErrorCode } from "@sotto/boundary/errors";
import { LIMITS } from "@sotto/boundary/messages";

export const FrameKind = {
  /** Host to enclave, first: machine setup (`machineSetup.ts`), bundle. */
  Start: 0,
  /** Answer to `Start`: measurement (32 bytes). */
  Ready: 1,
  /** Answer to `Start`: code of the `PlatformError` (u8), its text. */
  Failed: 2,
  Ecall: 3,
  EcallAnswer: 4,
  /** Enclave to host, any number between `Ecall` and `EcallAnswer`; each is answered before the next. */
  Ocall: 5,
  OcallAnswer: 6,
  /** In place of `OcallAnswer`, without a body: the host failed. */
  OcallFailed: 7,
} as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

export type Frame = { readonly kind: number; readonly body: Uint8Array };

export interface FrameChannel {
  /** @throws {BoundaryError} TooLong before anything is written; Disconnected */
  send(kind: FrameKind, ...parts: readonly Uint8Array[]): void;
  /** Blocks for the next frame. @throws {BoundaryError} Disconnected at the end of the stream; TooLong */
  receive(): Frame;
}

const HEADER = 5;
/** The default capacity of a pipe; frames that fit take one system call a side. */
const CHUNK = 65_536;

function disconnected(cause?: unknown): BoundaryError {
  return new BoundaryError(BoundaryErrorCode.Disconnected, "the other end of the enclave's transport is gone", {
    cause,
  });
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      throw disconnected(error);
    }
  }
}

/** At least one byte, or 0 at the end of the stream. */
function readSome(fd: number, into: Uint8Array, at: number): number {
  for (;;) {
    try {
      return readSync(fd, into, at, into.length - at, null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EINTR") throw disconnected(error);
    }
  }
}

/** @param readFd, writeFd both in blocking mode; the caller closes them */
export function makeFrameChannel(readFd: number, writeFd: number): FrameChannel {
  const input = new Uint8Array(CHUNK);
  const output = new Uint8Array(CHUNK);
  const outputView = new DataView(output.buffer);
  const inputView = new DataView(input.buffer);

  return {
    send: (kind, ...parts) => {
      const length = parts.reduce((sum, part) => sum + part.length, 0);
      if (length > LIMITS.frame)
        throw new BoundaryError(BoundaryErrorCode.TooLong, `frame: at most ${LIMITS.frame} bytes, got ${length}`);
      outputView.setUint32(0, length, true);
      output[4] = kind;
      let at = HEADER;
      for (const part of parts) {
        if (at + part.length <= CHUNK) {
          output.set(part, at);
          at += part.length;
        } else {
          writeAll(writeFd, output.subarray(0, at));
          writeAll(writeFd, part);
          at = 0;
        }
      }
      writeAll(writeFd, output.subarray(0, at));
    },
    receive: () => {
      let have = 0;
      while (have < HEADER) {
        const count = readSome(readFd, input, have);
        if (count === 0) throw disconnected();
        have += count;
      }
      const length = inputView.getUint32(0, true);
      const kind = input[4] as number;
      if (length > LIMITS.frame)
        throw new BoundaryError(BoundaryErrorCode.TooLong, `frame: at most ${LIMITS.frame} bytes, got ${length}`);
      // The ends take turns, so there is never a second frame behind this one.
      if (have - HEADER > length) throw new BoundaryError(BoundaryErrorCode.Malformed, "frame: bytes behind the frame");
      const body = new Uint8Array(length);
      body.set(input.subarray(HEADER, have));
      for (let at = have - HEADER; at < length; ) {
        const count = readSome(readFd, body, at);
        if (count === 0) throw disconnected();
        at += count;
      }
      return { kind, body };
    },
  };
}
