/** A pump whose last renewal began longer ago may no longer write. A pump that takes over by force waits at least this long. */
export const LEASE_MS = 5000;

/** A point in time on both clocks: the monotonic one may stand still while a machine sleeps, the wall clock may be set. */
export interface Instant {
  readonly wall: number;
  readonly monotonic: number;
}

export function now(): Instant {
  return { wall: Date.now(), monotonic: performance.now() };
}

/** How long a pump may believe that it still holds its locks: while neither clock has passed `LEASE_MS` since a renewal began. */
export class Lease {
  #renewed: Instant | undefined;

  /** `asked`: when the renewal that has just succeeded was sent. */
  renew(asked: Instant): void {
    this.#renewed = asked;
  }

  end(): void {
    this.#renewed = undefined;
  }

  get valid(): boolean {
    if (!this.#renewed) return false;
    const { wall, monotonic } = now();
    const passed = wall - this.#renewed.wall;
    return passed >= 0 && passed < LEASE_MS && monotonic - this.#renewed.monotonic < LEASE_MS;
  }
}
