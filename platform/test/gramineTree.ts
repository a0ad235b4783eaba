/**
 * A tree that behaves as Gramine's pseudo-files do (registration §5.1): each write call replaces all of the report data, shorter ones
 * are padded with zeros and longer ones cut, the quote is made when it is opened, and keys that were not set are empty.
 * @module
 */
import type { DeviceFs } from "../src/deviceFiles.ts";

export type GramineTree = DeviceFs & {
  readonly userReportData: () => Uint8Array;
  /** Open descriptors. */
  readonly open: ReadonlyMap<number, unknown>;
};

export type GramineOptions = {
  readonly attestationType: "none" | "dcap";
  readonly sealingKey: Uint8Array;
  /** What the platform's quoting service makes. */
  readonly quote: (reportData: Uint8Array) => Uint8Array;
  /** Bytes that one read call gives at most. */
  readonly chunk?: number;
};

function errno(code: string): Error {
  return Object.assign(new Error(code), { code });
}

export function makeGramineTree(options: GramineOptions): GramineTree {
  let userReportData = new Uint8Array(64);
  const open = new Map<number, { readonly path: string; readonly content: Uint8Array; at: number }>();
  let next = 10;
  const content = (path: string): Uint8Array => {
    switch (path) {
      case "/dev/attestation/attestation_type":
        return new TextEncoder().encode(options.attestationType);
      case "/dev/attestation/user_report_data":
        return userReportData;
      case "/dev/attestation/quote":
        if (options.attestationType === "none") throw errno("ENOENT");
        return options.quote(userReportData);
      case "/dev/attestation/keys/_sgx_mrenclave":
        return options.sealingKey;
      default:
        throw errno("ENOENT");
    }
  };
  return {
    openSync: (path, flags) => {
      if (flags === "r+" && !path.endsWith("user_report_data")) throw errno("EACCES");
      open.set(next, { path, content: content(path).slice(), at: 0 });
      return next++;
    },
    readSync: (fd, into) => {
      const file = open.get(fd);
      if (file === undefined) throw errno("EBADF");
      const some = file.content.subarray(file.at, file.at + Math.min(into.length, options.chunk ?? into.length));
      into.set(some);
      file.at += some.length;
      return some.length;
    },
    writeSync: (_fd, bytes) => {
      userReportData = new Uint8Array(64);
      userReportData.set(bytes.subarray(0, 64));
      return bytes.length;
    },
    closeSync: (fd) => {
      open.delete(fd);
    },
    mkdirSync: () => {
      throw errno("EACCES");
    },
    rmdirSync: () => {
      throw errno("EACCES");
    },
    userReportData: () => userReportData,
    open,
  };
}
