import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BoundaryErrorCode } from "@sotto/boundary/errors";
import { LIMITS } from "@sotto/boundary/messages";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FrameChannel, FrameKind, makeFrameChannel } from "../src/frameChannel.ts";

/** A channel whose reading end is fed by the test. Large frames and both ends at work: host/test/enclaveHostSuite.ts. */
describe("a frame channel", () => {
  let folder: string;
  let readFd: number;
  let writeFd: number;
  let channel: FrameChannel;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sotto-frames-"));
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    const both = openSync(pipe, "r+");
    readFd = openSync(pipe, "r");
    writeFd = openSync(pipe, "w");
    closeSync(both);
    channel = makeFrameChannel(readFd, writeFd);
  });
  afterEach(() => {
    closeSync(readFd);
    rmSync(folder, { recursive: true });
  });
  const error = (code: BoundaryErrorCode) => expect.objectContaining({ codespace: "boundary", code });

  it("writes length, kind and body, and reads them", () => {
    channel.send(FrameKind.Ecall, Uint8Array.of(1, 2), Uint8Array.of(3));
    expect(channel.receive()).toEqual({ kind: FrameKind.Ecall, body: Uint8Array.of(1, 2, 3) });
    writeSync(writeFd, Uint8Array.of(2, 0, 0, 0, FrameKind.Ocall, 8, 9));
    expect(channel.receive()).toEqual({ kind: FrameKind.Ocall, body: Uint8Array.of(8, 9) });
    channel.send(FrameKind.OcallFailed);
    expect(channel.receive()).toEqual({ kind: FrameKind.OcallFailed, body: new Uint8Array(0) });
    closeSync(writeFd);
  });

  it("refuses lengths above the limit in both directions", () => {
    expect(() => channel.send(FrameKind.Ecall, new Uint8Array(LIMITS.frame), Uint8Array.of(1))).toThrow(
      error(BoundaryErrorCode.TooLong),
    );
    writeSync(writeFd, Uint8Array.of(1, 0, 0, 2, FrameKind.Ecall));
    expect(() => channel.receive()).toThrow(error(BoundaryErrorCode.TooLong));
    closeSync(writeFd);
  });

  it("refuses bytes behind a frame", () => {
    writeSync(writeFd, Uint8Array.of(1, 0, 0, 0, FrameKind.Ecall, 1, 2));
    expect(() => channel.receive()).toThrow(error(BoundaryErrorCode.Malformed));
    closeSync(writeFd);
  });

  it.each([[[]], [[1, 0]], [[5, 0, 0, 0, FrameKind.Ecall]], [[5, 0, 0, 0, FrameKind.Ecall, 1, 2]]])(
    "is disconnected if the stream ends after %j",
    (bytes) => {
      writeSync(writeFd, Uint8Array.from(bytes));
      closeSync(writeFd);
      expect(() => channel.receive()).toThrow(error(BoundaryErrorCode.Disconnected));
    },
  );
});
