const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 2_000;

/** How long to wait before connecting again after `failures` failures in a row: doubling, with a random half. ms. */
export function backoffDelay(failures: number, random: () => number = Math.random): number {
  if (failures === 0) return 0;
  const delay = Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), LONGEST_DELAY_MS);
  return delay * (0.5 + random() / 2);
}
