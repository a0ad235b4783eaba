/**
 * Generated messages with the strictness that transactions ask for (chain §6.1): an unknown field anywhere is refused, and so is what the
 * library lets pass, wrong wire types and fields that reach beyond their message. Amino documents do not show such differences.
 * @module
 */
import {
  type DescField,
  type DescMessage,
  fromBinary,
  type MessageShape,
  ScalarType,
  toBinary,
} from "@bufbuild/protobuf";
import { InputError, InputErrorCode } from "@sotto/common/errors";
import { ProtoReader, WireType } from "@sotto/common/wire/protobuf";
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

/** A field as it may come: its wire type, `packed` too for lists of numbers, and what is inside. */
type Expected = { readonly wireType: number; readonly packed: boolean; readonly inner: DescMessage | undefined };

const expectations = new WeakMap<DescMessage, ReadonlyMap<number, Expected>>();

function expectationsOf(schema: DescMessage): ReadonlyMap<number, Expected> {
  let found = expectations.get(schema);
  if (found === undefined) {
    found = new Map(schema.fields.map((field) => [field.number, expectationOf(field)]));
    expectations.set(schema, found);
  }
  return found;
}

function expectationOf(field: DescField): Expected {
  const wireType = wireTypeOf(field);
  return { wireType, packed: field.fieldKind === "list" && wireType !== WireType.Bytes, inner: field.message };
}

function wireTypeOf(field: DescField): number {
  if (field.message !== undefined || field.fieldKind === "map") return WireType.Bytes;
  switch (field.scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WireType.Bytes;
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
    case ScalarType.DOUBLE:
      return WireType.Fixed64;
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
    case ScalarType.FLOAT:
      return WireType.Fixed32;
    default:
      return WireType.Varint;
  }
}

/** @throws {InputError} */
function requireForm(schema: DescMessage, bytes: Uint8Array, nesting: number): void {
  const expected = expectationsOf(schema);
  const reader = new ProtoReader(bytes, schema.typeName, nesting);
  while (!reader.done) {
    const { fieldNumber, wireType } = reader.tag();
    const field = expected.get(fieldNumber);
    if (field === undefined) {
      const text = `errUnknownField "${schema.typeName}": {TagNum: ${fieldNumber}}`;
      throw new InputError(InputErrorCode.Malformed, text);
    }
    if (wireType !== field.wireType && !(field.packed && wireType === WireType.Bytes)) {
      reader.fail(`field ${fieldNumber}: expected wire type ${field.wireType}, got ${wireType}`);
    }
    if (field.inner === undefined) reader.skip(wireType);
    else requireForm(field.inner, reader.bytes(), nesting + 1);
  }
}

export function strictCodec<D extends DescMessage>(schema: D): MessageCodecOf<MessageShape<D>> {
  return {
    typeUrl: `/${schema.typeName}`,
    encode: (value) => toBinary(schema, value),
    decode: (bytes) => {
      requireForm(schema, bytes, 0);
      return decodeMessage(schema, bytes);
    },
  };
}
