/**
 * What every transport must do, as tests that take the transport as an argument.
 * @module
 */
import { createHash } from "node:crypto";
import { decode } from "@sotto/boundary/codec";
import { BoundaryErrorCode } from "@sotto/boundary/errors";
import { INTERFACE_VERSION, LIMITS, REFUSAL } from "@sotto/boundary/messages";
import type { EnclaveConnection } from "@sotto/platform/platform";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeEnclaveHost } from "../src/enclaveHost/enclaveHost.ts";
import { Command, FIXTURE_BUNDLE, SECRET_TEXT } from "./fixtureBundle.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function noOcall(): never {
  throw new Error("no ocall was expected");
}

/** @param start a fresh connection to an enclave that runs the bundle */
export function testTransport(name: string, start: (bundle: Uint8Array) => EnclaveConnection): void {
  describe(`${name} transport`, () => {
    let connection: EnclaveConnection;
    const call = (command: number, ...rest: number[]): Uint8Array =>
      connection.exchange(Uint8Array.of(command, ...rest), noOcall);

    beforeAll(() => {
      connection = start(FIXTURE_BUNDLE);
    });
    afterAll(() => connection.close());

    it("returns what the enclave answers, whatever the bytes and their number", () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 70_000 }), (bytes) => {
          const request = Uint8Array.of(Command.Echo, ...bytes);
          expect(connection.exchange(request, noOcall)).toEqual(request);
        }),
        { numRuns: 50 },
      );
    });

    it.each([65_530, 65_531, 65_532, 65_536, 65_541, 131_072, LIMITS.frame])(
      "carries %i bytes in both directions",
      (length) => {
        const request = new Uint8Array(length);
        for (let i = 1; i < length; i += 4_099) request[i] = i % 251;
        const response = connection.exchange(request, noOcall);
        expect(Buffer.compare(response, request)).toBe(0);
        let asked: Uint8Array | undefined;
        const ocallRequest = request.slice();
        ocallRequest.set([Command.Ocalls, 1]);
        const answer = connection.exchange(ocallRequest, (bytes) => {
          asked = bytes;
          return bytes.subarray(0, 100_000);
        });
        expect(Buffer.compare(asked as Uint8Array, ocallRequest.subarray(2))).toBe(0);
        expect(Buffer.compare(answer, ocallRequest.subarray(2, 100_002))).toBe(0);
      },
    );

    it("answers many ocalls inside one ecall, in their order", () => {
      let count = 0;
      const answer = connection.exchange(Uint8Array.of(Command.Ocalls, 200, 7, 8), (request) => {
        expect([...request]).toEqual([7, 8]);
        return Uint8Array.of(count++);
      });
      expect([...answer]).toEqual(Array.from({ length: 200 }, (_, index) => index));
    });

    it("hands out plain arrays that share no memory with the other side", () => {
      const request = Uint8Array.of(Command.Scribble, 1);
      let seen: Uint8Array | undefined;
      const shared = Buffer.from("answer");
      const response = connection.exchange(request, (bytes) => {
        seen = bytes;
        return shared;
      });
      shared.fill(0);
      expect([...request]).toEqual([Command.Scribble, 1]);
      expect([...(seen as Uint8Array)]).toEqual([1, 2, 3]);
      expect(text(response)).toBe("answer");
      expect(Object.getPrototypeOf(response)).toBe(Uint8Array.prototype);
      expect(Object.getPrototypeOf(seen)).toBe(Uint8Array.prototype);
    });

    it("refuses a request above the limit before the enclave sees it", () => {
      const error = { codespace: "boundary", code: BoundaryErrorCode.TooLong };
      expect(() => connection.exchange(new Uint8Array(LIMITS.frame + 1), noOcall)).toThrow(
        expect.objectContaining(error),
      );
      expect(text(call(Command.LongOcall))).toBe("BoundaryError");
      expect(() =>
        connection.exchange(Uint8Array.of(Command.Ocalls, 1), () => new Uint8Array(LIMITS.frame + 1)),
      ).toThrow(expect.objectContaining(error));
      expect([...call(Command.Echo, 1)]).toEqual([Command.Echo, 1]);
    });

    it.each([
      ["throws", Command.Throw],
      ["answers with too many bytes", Command.LongAnswer],
      ["answers with no bytes", Command.NoBytes],
      ["has no such command", 99],
    ])("turns an enclave that %s into a refusal that tells nothing", (_, command) => {
      const response = call(command);
      expect(response[0]).toBe(1);
      expect(text(response)).toContain("platform");
      for (const secret of [SECRET_TEXT, "Error", "enclave.cjs", " at "]) expect(text(response)).not.toContain(secret);
      expect([...call(Command.Echo, 2)]).toEqual([Command.Echo, 2]);
    });

    it("throws the host's own failure once the enclave has returned, and goes on", () => {
      const failure = new Error("the disk is full");
      let asked = 0;
      const attempt = () =>
        connection.exchange(Uint8Array.of(Command.Ocalls, 3), () => {
          asked++;
          throw failure;
        });
      expect(attempt).toThrow(failure);
      expect(asked).toBe(1);
      expect([...call(Command.Echo, 3)]).toEqual([Command.Echo, 3]);
    });

    it("does not let an ecall begin inside another", () => {
      const attempt = () => connection.exchange(Uint8Array.of(Command.Ocalls, 1), () => call(Command.Echo));
      expect(attempt).toThrow("an ecall is running already");
      expect(() => connection.exchange(Uint8Array.of(Command.Ocalls, 1), () => connection.close() as never)).toThrow(
        "an ecall is running",
      );
      expect([...call(Command.Echo, 4)]).toEqual([Command.Echo, 4]);
    });

    it("gives the enclave its measurement, randomness, and a sealing key that another start finds again", () => {
      const measurement = new Uint8Array(createHash("sha256").update(FIXTURE_BUNDLE).digest());
      expect(connection.measurement).toEqual(measurement);
      expect(call(Command.Measurement)).toEqual(measurement);
      expect(call(Command.Random, 40)).toHaveLength(40);
      expect(call(Command.Random, 40)).not.toEqual(call(Command.Random, 40));

      const again = start(FIXTURE_BUNDLE);
      const other = start(new TextEncoder().encode(`${text(FIXTURE_BUNDLE)}\n`));
      expect(call(Command.SealingKey)).toHaveLength(32);
      expect(again.exchange(Uint8Array.of(Command.SealingKey), noOcall)).toEqual(call(Command.SealingKey));
      expect(other.exchange(Uint8Array.of(Command.SealingKey), noOcall)).not.toEqual(call(Command.SealingKey));
      again.close();
      other.close();
    });

    it("gives the enclave quotes over its report data (registration §2.3)", () => {
      const reportData = Uint8Array.from({ length: 64 }, (_, i) => i);
      const quote = call(Command.Quote, ...reportData);
      expect([quote[0], quote[1]]).toEqual([3, 0]);
      expect(quote.slice(368, 432)).toEqual(reportData);
      expect(call(Command.Quote, 1)[0]).toBe(1);
    });

    it("gives the bundle exports and no module loader", () => {
      expect(text(call(Command.Surroundings))).toBe("undefined,undefined,object,true");
    });

    it.each([
      ["is not UTF-8", Uint8Array.of(0x2f, 0x2f, 0xff)],
      ["does not compile", new TextEncoder().encode("const;")],
      ["throws", new TextEncoder().encode("throw 1")],
      ["exports nothing", new TextEncoder().encode("1;")],
      ["makes no enclave", new TextEncoder().encode("exports.makeEnclave = () => { throw new Error(); }")],
      ["is empty", new Uint8Array(0)],
    ])("refuses to start a bundle that %s", (_, bundle) => {
      expect(() => start(bundle)).toThrow(
        expect.objectContaining({ codespace: "platform", message: expect.stringMatching(/^enclave bundle: /) }),
      );
    });

    it("is disconnected once it is closed, twice or not", () => {
      const closed = start(FIXTURE_BUNDLE);
      closed.close();
      closed.close();
      expect(() => closed.exchange(Uint8Array.of(Command.Echo), noOcall)).toThrow(
        expect.objectContaining({ codespace: "boundary", code: BoundaryErrorCode.Disconnected }),
      );
    });
  });
}

/** The real bundle behind the typed interface, with bytes that no honest host sends. */
export function testRealBundle(name: string, start: () => EnclaveConnection): void {
  describe(`the enclave over the ${name} transport`, () => {
    let connection: EnclaveConnection;
    beforeAll(() => {
      connection = start();
    });
    afterAll(() => connection.close());

    it("says who it is", () => {
      const info = makeEnclaveHost(connection).call("info", { interfaceVersion: INTERFACE_VERSION });
      expect(info.measurement).toEqual(connection.measurement);
      expect(info.state.kind).toBe("empty");
    });

    it("refuses every message that random bytes make, and stays alive", () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
          const response = connection.exchange(bytes, noOcall);
          expect(response[0]).toBeLessThanOrEqual(1);
          if (response[0] === 1) expect(decode(REFUSAL, response.slice(1)).codespace).not.toBe("platform");
        }),
        { numRuns: 300 },
      );
      expect(makeEnclaveHost(connection).call("info", { interfaceVersion: INTERFACE_VERSION }).measurement).toEqual(
        connection.measurement,
      );
    });
  });
}
