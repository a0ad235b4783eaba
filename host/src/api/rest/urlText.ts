/**
 * The parts of a request URL as texts.
 * @module
 */
import { invalidArgument } from "../apiError.ts";

/** One `key=value` after another; `+` is a space here, and bytes mend that later. */
export function parseQueryString(query: string): readonly (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (const part of query.split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const key = equals < 0 ? part : part.slice(0, equals);
    pairs.push([decodeForm(key), equals < 0 ? "" : decodeForm(part.slice(equals + 1))]);
  }
  return pairs;
}

function decodeForm(text: string): string {
  if (!text.includes("%") && !text.includes("+")) return text;
  return decodePercent(text.replaceAll("+", " "));
}

/** @throws {ApiError} InvalidArgument, if an escape is incomplete or the bytes are not UTF-8 */
export function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidArgument("invalid URL escape");
  }
}
