/** What doctor found out about one thing. */
export interface Finding {
  readonly result: 'OK' | 'WARN' | 'FAIL';
  /** What was looked at, such as `cluster east`. */
  readonly about: string;
  /** A sentence: what is so, and what to do about it. */
  readonly text: string;
}
