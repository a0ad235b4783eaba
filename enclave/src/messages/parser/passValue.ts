/**
 * Passing over JSON values of any kind: the two ways in which the protocol's parser does it (contracts §5.7).
 * @module
 */
import { Byte, isDigit, type JsonCursor } from "./jsonCursor.ts";
import { Fault } from "./parserFault.ts";

/** A number that is read must be one that a double can hold, at least roughly. */
export function readNumber(cursor: JsonCursor): string {
  const text = cursor.number();
  if (!Number.isFinite(Number(text))) throw cursor.fault(Fault.NumberRange);
  return text;
}

/** Reads a value that may be anything, and is of no interest. @throws {ParserFault} */
export function readAnyValue(cursor: JsonCursor): void {
  const byte = cursor.expectValue();
  if (byte === Byte.OpenObject) {
    cursor.enter();
    for (let isFirst = true; cursor.hasMember(isFirst); isFirst = false) {
      cursor.string();
      cursor.colon();
      readAnyValue(cursor);
    }
    cursor.leave();
    cursor.endObject();
  } else if (byte === Byte.OpenList) {
    cursor.enter();
    for (let isFirst = true; cursor.hasElement(isFirst); isFirst = false) readAnyValue(cursor);
    cursor.leave();
    cursor.endList();
  } else if (byte === Byte.Quote) {
    cursor.skip();
    cursor.string();
  } else if (byte === Byte.Minus || isDigit(byte)) readNumber(cursor);
  else if (cursor.word() === undefined) throw cursor.faultAhead(Fault.Value);
}

/** The value of a member that nobody asked for: at any depth, and not even numbers are looked at. @throws {ParserFault} */
export function ignoreValue(cursor: JsonCursor): void {
  /** The brackets that are open around. */
  const open: number[] = [];
  do {
    const entered = ignoreStart(cursor);
    if (entered !== undefined) open.push(entered);
    closeAndContinue(cursor, open, entered === undefined);
  } while (open.length > 0);
}

/** Passes a value without parts, or the opening bracket of one that has some: that is returned. */
function ignoreStart(cursor: JsonCursor): number | undefined {
  const byte = cursor.expectValue();
  if (byte === Byte.OpenList || byte === Byte.OpenObject) {
    cursor.skip();
    return byte;
  }
  if (byte === Byte.Quote) {
    cursor.skip();
    cursor.ignoreString();
  } else if (byte === Byte.Minus || isDigit(byte)) cursor.skipNumber(Fault.Number);
  else if (cursor.word() === undefined) throw cursor.faultAhead(Fault.Value);
  return undefined;
}

/** Passes all brackets that close here, then the comma and the key that lead to the next value, if there is one. */
function closeAndContinue(cursor: JsonCursor, open: number[], isAfterValue: boolean): void {
  let acceptsComma = isAfterValue;
  for (;;) {
    const bracket = open.at(-1);
    if (bracket === undefined) return;
    const isObject = bracket === Byte.OpenObject;
    const byte = cursor.peek();
    if (byte === undefined) throw cursor.faultAhead(isObject ? Fault.EndInObject : Fault.EndInList);
    if (byte === (isObject ? Byte.CloseObject : Byte.CloseList)) {
      cursor.skip();
      open.pop();
      acceptsComma = true;
      continue;
    }
    if (acceptsComma) {
      if (byte !== Byte.Comma) throw cursor.faultAhead(isObject ? Fault.ObjectCommaOrEnd : Fault.ListCommaOrEnd);
      cursor.skip();
    }
    if (isObject) ignoreKey(cursor);
    return;
  }
}

function ignoreKey(cursor: JsonCursor): void {
  const byte = cursor.peek();
  if (byte === undefined) throw cursor.faultAhead(Fault.EndInObject);
  if (byte !== Byte.Quote) throw cursor.faultAhead(Fault.Key);
  cursor.skip();
  cursor.ignoreString();
  cursor.colon();
}
