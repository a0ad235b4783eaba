/**
 * The error object of v0.10 contracts and of the chain's queries (contracts §5.7).
 * @module
 */
import { formatJson } from "@sotto/common/json";
import { parseVariant } from "./parser/readVariant.ts";
import { describeValue, struct } from "./parser/shapes.ts";

const STD_ERROR = {
  generic_err: struct("StdError::GenericErr", { msg: "text" }),
  invalid_base64: struct("StdError::InvalidBase64", { msg: "text" }),
  invalid_utf8: struct("StdError::InvalidUtf8", { msg: "text" }),
  not_found: struct("StdError::NotFound", { kind: "text" }),
  null_pointer: struct("StdError::NullPointer", {}),
  parse_err: struct("StdError::ParseErr", { target: "text", msg: "text" }),
  serialize_err: struct("StdError::SerializeErr", { source: "text", msg: "text" }),
  unauthorized: struct("StdError::Unauthorized", {}),
  underflow: struct("StdError::Underflow", { minuend: "text", subtrahend: "text" }),
} as const;

/** JSON of the object that `text` is, written anew. @throws {ParserFault} if it is none */
export function normalizeStdError(text: Uint8Array): string {
  return formatJson(describeValue(STD_ERROR, parseVariant(STD_ERROR, text)));
}
