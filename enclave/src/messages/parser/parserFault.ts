/**
 * What the protocol's JSON parser says of bytes that are not what they should be.
 *
 * Contracts see these texts (contracts §5.7, §10), so they are part of what a block comes to: each is that parser's own, word for
 * word. They name what stands in the bytes, and go to nobody but the contract that wrote them.
 * @module
 */
import { CodedError } from "@sotto/common/errors";

export class ParserFault extends CodedError {
  override readonly name = "ParserFault";
  constructor(text: string) {
    super("parser", 1, text);
  }
}

/** Texts that come without details. */
export const Fault = {
  EndInValue: "EOF while parsing a value",
  EndInString: "EOF while parsing a string",
  EndInList: "EOF while parsing a list",
  EndInObject: "EOF while parsing an object",
  Value: "expected value",
  Word: "expected ident",
  Colon: "expected `:`",
  ListCommaOrEnd: "expected `,` or `]`",
  ObjectCommaOrEnd: "expected `,` or `}`",
  Key: "key must be a string",
  TrailingComma: "trailing comma",
  TrailingCharacters: "trailing characters",
  Number: "invalid number",
  NumberRange: "number out of range",
  Escape: "invalid escape",
  HexEnd: "unexpected end of hex escape",
  Surrogate: "lone leading surrogate in hex escape",
  CodePoint: "invalid unicode code point",
  ControlCharacter: "control character (\\u0000-\\u001F) found while parsing a string",
  Recursion: "recursion limit exceeded",
} as const;
