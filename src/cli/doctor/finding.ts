/** What doctor found out about one thing. */
export interface Finding {
  /** FAIL: copying will not work, or not as promised. WARN: worth reading. */
  readonly result: 'OK' | 'WARN' | 'FAIL';
  /** What was looked at, such as `cluster east`. */
  readonly about: string;
  /** A sentence: what is so, and what to do about it. */
  readonly text: string;
}
