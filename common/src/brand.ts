/**
 * Branded types: values of one representation that must not be mistaken for one another.
 *
 * A brand is made only by its one constructor, which validates; nobody else casts.
 * @module
 */

declare const brand: unique symbol;

/** `T` marked as `B`; free at run time. */
export type Branded<T, B extends string> = T & { readonly [brand]: B };
