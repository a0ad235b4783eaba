/**
 * Values of flags and environment variables, checked where they come in.
 * @module
 */

import type { ListenAddress } from "@sotto/host/node/listen";
import { InvalidArgumentError } from "commander";

/** Flags of `sotto start`. */
export type StartFlags = {
  readonly home: string;
  readonly rest: ListenAddress;
  readonly rpc: ListenAddress;
  readonly enclave: "inline" | "process";
  readonly collect: number;
  readonly blockInterval: number;
  readonly keepHeights: number;
};

/** `HOST:PORT`, `[HOST]:PORT`, `:PORT` or `PORT`; without a host both loopback addresses. Port 0 takes a free one. */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]*)):)?(\d{1,5})$/.exec(text);
  const port = match === null ? Number.NaN : Number(match[3]);
  if (match === null || port > 65_535) {
    throw new InvalidArgumentError(
      "expected HOST:PORT with a port from 0 to 65535, such as 127.0.0.1:1317, [::1]:1317 or localhost:0",
    );
  }
  const host = match[1] ?? match[2] ?? "";
  return { host: host === "" ? "localhost" : host, port };
}

/** A whole number of milliseconds or blocks. */
export function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("expected a whole number, at most 999999999");
  return Number(text);
}
