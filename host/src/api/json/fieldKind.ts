/**
 * What the options of a field say about its JSON: the Go types behind `gogoproto` decide it (clients §1.1, chain §3.3).
 * @module
 */
import { type DescField, getOption, hasOption } from "@bufbuild/protobuf";
import { casttype, customtype, nullable } from "../../proto/gen/gogoproto/gogo_pb.ts";

/** `address`: bytes shown as bech32. `decimal`: an integer times 10^-18. `integer`: arbitrary size. All on string or bytes. */
export type FieldKind = "plain" | "address" | "decimal" | "integer";

export function fieldKindOf(field: DescField): FieldKind {
  if (getOption(field, casttype).endsWith(".AccAddress")) return "address";
  const custom = getOption(field, customtype);
  if (custom.endsWith("Dec")) return "decimal";
  return custom.endsWith(".Int") ? "integer" : "plain";
}

/** Whether the field is a pointer in Go, so that it is `null` where it is not set. */
export function isNullable(field: DescField): boolean {
  return !hasOption(field, nullable) || getOption(field, nullable);
}
