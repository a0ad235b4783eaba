/**
 * Quotes of a TD through the kernel's configfs-tsm, version 6.7 and later (registration §5.5).
 *
 * A request has a folder of its own: 64 bytes into `inblob`, the quote out of `outblob`, and `generation` tells whether somebody else
 * wrote in between.
 * @module
 */
import { equalBytes } from "@sotto/common/bytes";
import { type DeviceFs, errnoOf, readDevice, readDeviceText, writeDevice } from "../deviceFiles.ts";
import { PlatformError, PlatformErrorCode } from "../platformError.ts";

export type TsmDeps = {
  readonly fs: DeviceFs;
  /** Of the folder that holds the requests. */
  readonly reportFolder: string;
  /** Name for the request's folder; nobody else uses it. */
  readonly entryName: string;
  /** Blocks the thread. */
  readonly pause: (milliseconds: number) => void;
};

/** An earlier request may take 30 seconds; the driver answers EBUSY meanwhile. */
const BUSY = { attempts: 160, pauseMs: 250 } as const;
const PROVIDER = "tdx_guest";
const TEE_TYPE_TDX = 0x81;
/** Where a quote of the version has its report data (registration §6.2). */
const REPORT_DATA_AT: Readonly<Record<number, number>> = { 4: 568, 5: 574 };

const REASONS: Readonly<Record<string, string>> = {
  ENOENT:
    "configfs-tsm is not there: mount configfs, and use a kernel of version 6.7 or later with CONFIG_TDX_GUEST_DRIVER",
  ENXIO: "no provider of reports is loaded: this is no TD, or its driver is missing (modprobe tdx_guest)",
  EACCES: "no permission: quotes are for root, or for whom the image gives the folder to",
  EINVAL: "the driver did not take the 64 bytes of report data: it is not the one of Linux 6.7 and later",
  EBUSY: "the driver was busy with an earlier request for too long",
  EFBIG: "the quote is larger than the driver's buffer: use a newer kernel",
  ETIMEDOUT: "the host's quote generation service does not answer",
  EIO: "the host's quote generation service failed",
};

function failed(step: string, error: unknown): PlatformError {
  if (error instanceof PlatformError) return error;
  const code = errnoOf(error);
  return new PlatformError(PlatformErrorCode.NoQuote, `tdx quote: ${step}: ${REASONS[code] ?? code}`, { cause: error });
}

function readWhenFree({ fs, pause }: TsmDeps, path: string): Uint8Array {
  for (let attempt = 1; ; attempt++) {
    try {
      return readDevice(fs, path);
    } catch (error) {
      if (errnoOf(error) !== "EBUSY" || attempt === BUSY.attempts) throw error;
      pause(BUSY.pauseMs);
    }
  }
}

function checkQuote(quote: Uint8Array, reportData: Uint8Array): void {
  const at = REPORT_DATA_AT[quote[0] ?? 0];
  const isTdx = quote[1] === 0 && quote[4] === TEE_TYPE_TDX;
  if (at === undefined || !isTdx) {
    throw new PlatformError(
      PlatformErrorCode.NoQuote,
      "tdx quote: expected a TDX quote of version 4 or 5, got another format; platforms with DICE certificates give CBOR, which is not supported",
    );
  }
  if (!equalBytes(quote.subarray(at, at + reportData.length), reportData)) {
    throw new PlatformError(PlatformErrorCode.NoQuote, "tdx quote: it carries other report data than was asked for");
  }
}

function request(deps: TsmDeps, entry: string, reportData: Uint8Array): Uint8Array {
  const { fs } = deps;
  let step = "provider";
  try {
    const provider = readDeviceText(fs, `${entry}/provider`);
    if (provider !== PROVIDER) throw new Error(`expected ${PROVIDER}, got ${provider}`);
    step = "generation";
    const before = Number(readDeviceText(fs, `${entry}/generation`));
    step = "inblob";
    writeDevice(fs, `${entry}/inblob`, reportData);
    step = "outblob";
    const quote = readWhenFree(deps, `${entry}/outblob`);
    step = "generation";
    const after = Number(readDeviceText(fs, `${entry}/generation`));
    if (after !== before + 1)
      throw new Error(`expected ${before + 1}, got ${after}: somebody else wrote to the request`);
    checkQuote(quote, reportData);
    return quote;
  } catch (error) {
    throw failed(step, error);
  }
}

/**
 * @param reportData 64 bytes
 * @returns the raw quote
 * @throws {PlatformError} NoQuote, with the step and what to do
 */
export function tsmQuote(deps: TsmDeps, reportData: Uint8Array): Uint8Array {
  const entry = `${deps.reportFolder}/${deps.entryName}`;
  try {
    deps.fs.mkdirSync(entry);
  } catch (error) {
    throw failed(`cannot make ${entry}`, error);
  }
  try {
    return request(deps, entry, reportData);
  } finally {
    deps.fs.rmdirSync(entry);
  }
}
