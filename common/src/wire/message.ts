/**
 * Protobuf messages described once, from which encoder, decoder and TypeScript type all follow.
 *
 *     export const Coin = message("cosmos.base.v1beta1.Coin", { denom: field(1, string), amount: field(2, string) });
 *     export type Coin = MessageOf<typeof Coin>;
 *
 * Encoding: fields by ascending number, zero scalars omitted, `always` messages written even when empty (consensus §2.2).
 * Decoding is total and refuses more than protobuf asks for: unknown fields, wrong wire types, a singular field that comes
 * twice (standard decoders let the last one win, so two readers could disagree), text that is not UTF-8, integers that do
 * not fit. Order and over-long varints are free; {@link MessageCodec.decodeCanonical} accepts exactly what `encode` writes.
 * @module
 */
import { EMPTY_BYTES, equalBytes, tryBytesToUtf8 } from "../bytes.ts";
import { InputError, InputErrorCode } from "../errors.ts";
import { ProtoReader, ProtoWriter, WireType } from "./protobuf.ts";

/** How one value is written, without its tag. */
export interface FieldType<T> {
  readonly wireType: WireType;
  /** The value that an absent field means. */
  readonly zero: T;
  isZero(value: T): boolean;
  write(writer: ProtoWriter, value: T): void;
  read(reader: ProtoReader): T;
}

/** A numbered place in a message. */
export interface Field<T> {
  readonly number: number;
  readonly type: FieldType<unknown>;
  readonly repeated: boolean;
  /** The value if the field does not come. */
  readonly absent: T;
  write(writer: ProtoWriter, value: T): void;
}

type Fields = Readonly<Record<string, Field<unknown>>>;
type Values<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

export interface MessageCodec<T> extends FieldType<T> {
  /** Full protobuf name, without a leading slash. */
  readonly name: string;
  /** The name as `Any` carries it. */
  readonly typeUrl: string;
  encode(value: T): Uint8Array;
  /**
   * Byte strings in the result are views of `bytes`: whoever may change those must copy them first.
   * @throws {InputError} Malformed or OutOfRange, for any other bytes
   */
  decode(bytes: Uint8Array): T;
  /** As `decode`, but only for bytes that `encode` writes (consensus §2.7 V1). @throws {InputError} */
  decodeCanonical(bytes: Uint8Array): T;
}

/** The value type of a message. */
export type MessageOf<C> = C extends MessageCodec<infer T> ? T : never;

export const uint32: FieldType<number> = {
  wireType: WireType.Varint,
  zero: 0,
  isZero: (value) => value === 0,
  write: (writer, value) => writer.uint32(value),
  read: (reader) => reader.uint32(),
};

/** Also enumerations; negative values take ten bytes. */
export const int32: FieldType<number> = {
  wireType: WireType.Varint,
  zero: 0,
  isZero: (value) => value === 0,
  write: (writer, value) => {
    if ((value | 0) !== value) throw new RangeError(`int32: got ${value}`);
    writer.int64(BigInt(value));
  },
  read: (reader) => reader.int32(),
};

export const uint64: FieldType<bigint> = {
  wireType: WireType.Varint,
  zero: 0n,
  isZero: (value) => value === 0n,
  write: (writer, value) => writer.uint64(value),
  read: (reader) => reader.uint64(),
};

export const int64: FieldType<bigint> = {
  wireType: WireType.Varint,
  zero: 0n,
  isZero: (value) => value === 0n,
  write: (writer, value) => writer.int64(value),
  read: (reader) => reader.int64(),
};

export const sfixed64: FieldType<bigint> = {
  wireType: WireType.Fixed64,
  zero: 0n,
  isZero: (value) => value === 0n,
  write: (writer, value) => writer.sfixed64(value),
  read: (reader) => reader.sfixed64(),
};

export const bool: FieldType<boolean> = {
  wireType: WireType.Varint,
  zero: false,
  isZero: (value) => !value,
  write: (writer, value) => writer.uint32(value ? 1 : 0),
  read: (reader) => {
    const value = reader.uint64();
    if (value > 1n) reader.fail(`expected a bool, got ${value}`, InputErrorCode.OutOfRange);
    return value === 1n;
  },
};

export const bytes: FieldType<Uint8Array> = {
  wireType: WireType.Bytes,
  zero: EMPTY_BYTES,
  isZero: (value) => value.length === 0,
  write: (writer, value) => writer.bytes(value),
  read: (reader) => reader.bytes(),
};

export const string: FieldType<string> = {
  wireType: WireType.Bytes,
  zero: "",
  isZero: (value) => value === "",
  write: (writer, value) => writer.string(value),
  read: (reader) => tryBytesToUtf8(reader.bytes()) ?? reader.fail("text that is not valid UTF-8"),
};

/** A scalar; zero is not written. */
export function field<T>(number: number, type: FieldType<T>): Field<T> {
  return {
    number,
    type,
    repeated: false,
    absent: type.zero,
    write: (writer, value) => {
      if (!type.isZero(value)) writeField(writer, number, type, value);
    },
  };
}

/** A value that is written even when empty or zero; its zero when it does not come. */
export function always<T>(number: number, type: FieldType<T>): Field<T> {
  const write = (writer: ProtoWriter, value: T) => writeField(writer, number, type, value);
  return { number, type, repeated: false, absent: type.zero, write };
}

/** A value whose presence counts: undefined is not written, zero is. Members of a oneof are `optional`. */
export function optional<T>(number: number, type: FieldType<T>): Field<T | undefined> {
  return {
    number,
    type,
    repeated: false,
    absent: undefined,
    write: (writer, value) => {
      if (value !== undefined) writeField(writer, number, type, value);
    },
  };
}

/** A list of byte strings, texts or messages, in order; empty items are written. */
export function repeated<T>(number: number, type: FieldType<T>): Field<readonly T[]> {
  return {
    number,
    type,
    repeated: true,
    absent: [],
    write: (writer, values) => {
      for (const value of values) writeField(writer, number, type, value);
    },
  };
}

function writeField<T>(writer: ProtoWriter, number: number, type: FieldType<T>, value: T): void {
  writer.tag(number, type.wireType);
  type.write(writer, value);
}

/**
 * Makes the codec of a message.
 * @param name full protobuf name
 * @param toleratesUnknown numbers of unknown fields that are passed over (and lost); none by default
 */
export function message<F extends Fields>(
  name: string,
  fields: F,
  { toleratesUnknown = () => false }: { toleratesUnknown?: (fieldNumber: number) => boolean } = {},
): MessageCodec<Values<F>> {
  const ascending = Object.entries<Field<unknown>>(fields).sort(([, a], [, b]) => a.number - b.number);
  if (ascending.length > 31) throw new RangeError(`${name}: more fields than the decoder has bits to mark them`);
  const byNumber = new Map(ascending.map(([key, field], i) => [field.number, { key, field, mark: 1 << i }]));
  const absent = Object.fromEntries(ascending.map(([key, field]) => [key, field.absent]));

  const encode = (value: Values<F>): Uint8Array => {
    const writer = new ProtoWriter();
    for (const [key, field] of ascending) field.write(writer, value[key]);
    return writer.finish();
  };

  const readAll = (reader: ProtoReader): Values<F> => {
    const values: Record<string, unknown> = { ...absent };
    let seen = 0;
    while (!reader.done) {
      const { fieldNumber, wireType } = reader.tag();
      const known = byNumber.get(fieldNumber);
      if (known === undefined) {
        if (!toleratesUnknown(fieldNumber)) reader.fail(`unknown field ${fieldNumber}`);
        reader.skip(wireType);
        continue;
      }
      const { key, field, mark } = known;
      const expected = field.type.wireType;
      if (wireType !== expected) reader.fail(`${key}: expected wire type ${expected}, got ${wireType}`);
      const first = (seen & mark) === 0;
      seen |= mark;
      const value = field.type.read(reader);
      if (!field.repeated) {
        if (!first) reader.fail(`${key} comes twice`);
        values[key] = value;
      } else if (first) values[key] = [value];
      else (values[key] as unknown[]).push(value);
    }
    return values as Values<F>;
  };

  const decode = (bytes: Uint8Array): Values<F> => readAll(new ProtoReader(bytes, name));

  return {
    name,
    typeUrl: `/${name}`,
    wireType: WireType.Bytes,
    zero: absent as Values<F>,
    isZero: () => false,
    write: (writer, value) => writer.bytes(encode(value)),
    read: (reader) => readAll(new ProtoReader(reader.bytes(), name, reader.nesting + 1)),
    encode,
    decode,
    decodeCanonical: (bytes) => {
      const value = decode(bytes);
      if (!equalBytes(encode(value), bytes)) {
        throw new InputError(InputErrorCode.Malformed, `${name}: not in canonical encoding`);
      }
      return value;
    },
  };
}
