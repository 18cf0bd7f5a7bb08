/** Whether the tests run at the sizes that were promised (`npm run test:full`) or smaller ones (`npm test`). */
export const FULL = process.env.REPLICATOR_TEST_FULL === '1';

export interface Sizes {
  readonly messages: number;
  readonly meanBytes: number;
  readonly large: number;
  /** Kills of each kind. */
  readonly kills: number;
}

export const SIZES: Sizes = FULL
  ? { messages: 200_000, meanBytes: 7_000, large: 300, kills: 20 }
  : { messages: 5_000, meanBytes: 7_000, large: 8, kills: 2 };

/** A seed for what is left to chance, printed so that a failure can be repeated with `REPLICATOR_TEST_SEED`. */
export const SEED = Number(process.env.REPLICATOR_TEST_SEED ?? Math.floor(Math.random() * 1e9));
