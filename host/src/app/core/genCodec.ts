/**
 * Generated messages with the strictness that transactions ask for: an unknown field anywhere is refused (chain §6.1).
 * @module
 */
import { type DescMessage, fromBinary, type Message, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { InputError, InputErrorCode } from "@sotto/common/errors";
import type { MessageCodecOf } from "./messageRouter.ts";

/** @throws {InputError} Malformed */
export function decodeMessage<D extends DescMessage>(schema: D, bytes: Uint8Array): MessageShape<D> {
  try {
    return fromBinary(schema, bytes);
  } catch (error) {
    throw new InputError(InputErrorCode.Malformed, `${schema.typeName}: not an encoding of this message`, {
      cause: error,
    });
  }
}

/** @throws {InputError} Malformed */
function refuseUnknown(schema: DescMessage, message: Message): void {
  const unknown = message.$unknown?.[0];
  if (unknown !== undefined) {
    throw new InputError(InputErrorCode.Malformed, `errUnknownField "${schema.typeName}": {TagNum: ${unknown.no}}`);
  }
  const reflected = reflect(schema, message);
  for (const field of schema.fields) {
    if (field.message === undefined || !reflected.isSet(field)) continue;
    const { message: inner } = field;
    if (field.fieldKind === "message") refuseUnknown(inner, reflected.get(field).message);
    if (field.fieldKind === "list" && field.listKind === "message") {
      for (const item of reflected.get(field) as Iterable<{ message: Message }>) refuseUnknown(inner, item.message);
    }
  }
}

export function strictCodec<D extends DescMessage>(schema: D): MessageCodecOf<MessageShape<D>> {
  return {
    typeUrl: `/${schema.typeName}`,
    encode: (value) => toBinary(schema, value),
    decode: (bytes) => {
      const message = decodeMessage(schema, bytes);
      refuseUnknown(schema, message);
      return message;
    },
  };
}
