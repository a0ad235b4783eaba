/**
 * White space as Unicode defines it: U+0085 is some and U+FEFF is none, unlike in `trim` of JavaScript.
 * @module
 */

const WHITE_SPACE = /\p{White_Space}/u;

/** The text without white space at both ends. Takes time for what it takes off alone, unlike a pattern that ends in `$`. */
export function trimWhiteSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && WHITE_SPACE.test(text.charAt(start))) start++;
  while (end > start && WHITE_SPACE.test(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}
