/**
 * Points in time as CometBFT writes them: seconds and nanoseconds since 1970, and RFC 3339 text (consensus §2.2, §2.8).
 *
 * Inside the node time is one bigint of nanoseconds; this is where it is taken apart.
 * @module
 */
import { InputError, InputErrorCode } from "../errors.ts";
import { field, int32, int64, type MessageOf, message } from "./message.ts";

export const Timestamp = message("google.protobuf.Timestamp", {
  seconds: field(1, int64),
  /** 0 to 999,999,999. */
  nanos: field(2, int32),
});
export type Timestamp = MessageOf<typeof Timestamp>;

/** 0001-01-01T00:00:00Z, the time of absent signatures. Unlike 1970 it is written. */
export const ZERO_TIME: Timestamp = { seconds: -62_135_596_800n, nanos: 0 };

const NANOS_PER_SECOND = 1_000_000_000n;

/** Nanoseconds since 1970; negative before. @throws {InputError} OutOfRange, if `nanos` is not within a second */
export function timestampToNanos(time: Timestamp): bigint {
  if (time.nanos < 0 || time.nanos >= 1_000_000_000) {
    throw new InputError(InputErrorCode.OutOfRange, `timestamp: expected 0 to 999999999 nanos, got ${time.nanos}`);
  }
  return time.seconds * NANOS_PER_SECOND + BigInt(time.nanos);
}

/** The inverse of {@link timestampToNanos}. */
export function nanosToTimestamp(nanos: bigint): Timestamp {
  const remainder = nanos % NANOS_PER_SECOND;
  const within = remainder < 0n ? remainder + NANOS_PER_SECOND : remainder;
  return { seconds: (nanos - within) / NANOS_PER_SECOND, nanos: Number(within) };
}

/**
 * RFC 3339 in UTC with up to nine fraction digits, trailing zeros trimmed (consensus §2.8).
 * @throws {InputError} OutOfRange, outside the years 1 to 9999
 */
export function formatTimestamp(time: Timestamp): string {
  const { seconds, nanos } = nanosToTimestamp(timestampToNanos(time));
  if (seconds < ZERO_TIME.seconds || seconds > 253_402_300_799n) {
    throw new InputError(
      InputErrorCode.OutOfRange,
      `timestamp: expected a year from 1 to 9999, got ${seconds} seconds`,
    );
  }
  const toTheSecond = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  const fraction = nanos === 0 ? "" : `.${nanos.toString().padStart(9, "0").replace(/0+$/, "")}`;
  return `${toTheSecond}${fraction}Z`;
}

/** Reads what {@link formatTimestamp} writes, trailing zeros allowed. @throws {InputError} Malformed */
export function parseTimestamp(text: string): Timestamp {
  const match = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?Z$/.exec(text);
  const milliseconds = match === null ? Number.NaN : Date.parse(`${match[1]}Z`);
  // A day that the month does not have is moved on by `Date.parse`, so the text must come back the same.
  if (
    match === null ||
    Number.isNaN(milliseconds) ||
    !new Date(milliseconds).toISOString().startsWith(`${match[1]}.`)
  ) {
    throw new InputError(
      InputErrorCode.Malformed,
      "timestamp: expected RFC 3339 in UTC with at most nine fraction digits",
    );
  }
  return { seconds: BigInt(milliseconds / 1000), nanos: Number((match[2] ?? "").padEnd(9, "0")) };
}
