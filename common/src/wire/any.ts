/**
 * `google.protobuf.Any`: a message together with its type URL.
 * @module
 */
import { bytes, field, type MessageCodec, type MessageOf, message, string } from "./message.ts";

export const Any = message("google.protobuf.Any", { typeUrl: field(1, string), value: field(2, bytes) });
export type Any = MessageOf<typeof Any>;

/** Encodes a message and names its type. */
export function packAny<T>(codec: MessageCodec<T>, value: T): Any {
  return { typeUrl: codec.typeUrl, value: codec.encode(value) };
}

/** The message if the type URL is that of `codec`, else undefined. @throws {InputError} if the value does not decode */
export function unpackAny<T>(codec: MessageCodec<T>, any: Any): T | undefined {
  return any.typeUrl === codec.typeUrl ? codec.decode(any.value) : undefined;
}
