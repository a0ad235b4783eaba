/**
 * Values of flags and environment variables, checked where they come in.
 * @module
 */

import type { ListenAddress } from "@sotto/host/node/listen";
import type { PlatformName } from "@sotto/host/node/platformNames";
import { InvalidArgumentError } from "commander";

/** Flags of commands that run a node. */
export type NodeFlags = {
  readonly home: string;
  readonly rest: ListenAddress;
  readonly rpc: ListenAddress;
  readonly enclave: "inline" | "process";
  readonly platform: PlatformName;
  readonly keepHeights: number;
};

/** Flags of `sotto start`. */
export type StartFlags = NodeFlags & {
  readonly chainId?: string;
  readonly executionOrder?: "proposed" | "shuffled";
  readonly peer?: readonly string[];
  readonly collect: number;
  readonly blockInterval: number;
};

/** Flags of `sotto join`. */
export type JoinFlags = NodeFlags & {
  readonly peer: readonly string[];
  readonly genesis: string;
  readonly from?: string;
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

/** Seconds since 1970. */
export function parseUnixTime(text: string): number {
  if (!/^\d{1,11}$/.test(text)) throw new InvalidArgumentError("expected seconds since 1970");
  return Number(text);
}

/** A URL with http or https, without a slash at its end. Used again for each time that the flag comes. */
export function collectUrl(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), parseUrl(text)];
}

export function parseUrl(text: string): string {
  try {
    const { protocol, hostname } = new URL(text);
    if ((protocol === "http:" || protocol === "https:") && hostname !== "") return text.replace(/\/+$/, "");
  } catch {
    // told below
  }
  throw new InvalidArgumentError("expected a URL such as http://127.0.0.1:26657");
}
