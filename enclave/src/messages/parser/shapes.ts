/**
 * Shapes of JSON that contracts write and that are not read as they come: variants with members, and how they are written again.
 * @module
 */
import { bytesToBase64 } from "@sotto/common/bytes";
import type { JsonInput } from "@sotto/common/json";

/** What a member holds; bytes are base64 in a string, and what is optional may be missing or null. */
export type FieldKind = "text" | "bytes" | "optionalText";
type FieldValues = { text: string; bytes: Uint8Array; optionalText: string | undefined };
export type Fields = { readonly [name: string]: FieldKind };

export type StructShape = {
  readonly kind: "struct";
  /** As the parser calls it in its faults. */
  readonly title: string;
  /** In the order in which they are written. */
  readonly fields: Fields;
};
export type VariantShape =
  | StructShape
  /** One of several variants again. */
  | { readonly kind: "variants"; readonly variants: Variants }
  /** Any value, which is not kept. */
  | { readonly kind: "any" };
/** By name, in the order in which a fault lists them. */
export type Variants = { readonly [name: string]: VariantShape };

export type ValuesOf<F extends Fields> = { readonly [N in keyof F]: FieldValues[F[N]] };
type BodyOf<S extends VariantShape> = S extends { kind: "struct"; fields: infer F extends Fields }
  ? ValuesOf<F>
  : S extends { kind: "variants"; variants: infer V extends Variants }
    ? ValueOf<V>
    : undefined;
/** One variant with what it holds. */
export type ValueOf<V extends Variants> = {
  readonly [N in keyof V & string]: { readonly name: N; readonly body: BodyOf<V[N]> };
}[keyof V & string];

/** A value of any shape, for code that goes by the shape. */
export type AnyValue = { readonly name: string; readonly body: unknown };

export function struct<const F extends Fields>(title: string, fields: F) {
  return { kind: "struct", title, fields } as const;
}

export function variants<const V extends Variants>(variants: V) {
  return { kind: "variants", variants } as const;
}

/** JSON of a value: known members alone, in the order of the shape; what is missing is null. */
export function describeValue(shapes: Variants, { name, body }: AnyValue): JsonInput {
  const shape = shapes[name] as VariantShape;
  if (shape.kind === "any") return { [name]: null };
  if (shape.kind === "variants") return { [name]: describeValue(shape.variants, body as AnyValue) };
  const values = body as ValuesOf<Fields>;
  const members = Object.keys(shape.fields).map((field) => {
    const value = values[field];
    return [field, value instanceof Uint8Array ? bytesToBase64(value) : (value ?? null)] as const;
  });
  return { [name]: Object.fromEntries(members) };
}
