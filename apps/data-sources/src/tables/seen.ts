/** What values of a column look like, as bits; a column's bits are those of all of its values. */
export const SEEN = {
  integer: 1,
  double: 2,
  boolean: 4,
  date: 8,
  timestamp: 16,
  text: 32,
  /** An integer that does not fit 64 bits. */
  longInteger: 64,
  /** `inf` or `infinity` in any case, with or without a sign. */
  infinite: 128,
  /** A time with an offset from UTC. */
  offset: 256,
  /** It takes DuckDB to tell: a number or a time that is written in a rare way. */
  unsure: 512,
} as const;
