import type { Destination, Queue } from '../transport/types.ts';
import { Lease, LEASE_MS, now } from './lease.ts';
import { pause } from './time.ts';

/** How long a send may take; the lock is held on until it is over. ms. */
export const SEND_TIMEOUT_MS = 5000;
/**
 * What a dead pump sent last may still wait in the broker's socket or send queue, which rejects what is older than 200 ms
 * (`waitTimeMillsInSendQueue`). Only after that is it certain that it is either stored or never will be.
 */
export const SEND_QUEUE_DRAIN_MS = 1000;
const RENEW_EVERY_MS = 2000;
const RETRY_MS = 1000;

export interface LockOptions {
  readonly destination: Destination;
  /** The destination broker that owns the mapped queues and keeps the locks. */
  readonly broker: string;
  /** The flow's group. */
  readonly group: string;
  /** Names this attempt of this pump, and no other. */
  readonly owner: string;
  /** Names of earlier attempts of the same pump: dead, or about to notice. Only their locks may be taken away. */
  readonly formerOwners: readonly string[];
  /** The source queues: they, not the destination queues, are what one pump at a time may copy. */
  readonly keys: readonly Queue[];
  /** Locks were taken from an earlier attempt before, and its last writes have not been waited out yet. */
  readonly owesWait: boolean;
  /** Whoever held the locks last gave them back, and nothing it sent can still arrive: locks that are free cost no wait. */
  readonly isAtRest: boolean;
  /** Called with the reason while others hold the locks. */
  readonly onWait: (reason: string) => void;
}

/**
 * The broker's locks on the source queues that are copied to one destination broker (R6). Taken as a whole, renewed every 2 s,
 * and lost as a whole: when a renewal is refused, when the lease runs out, or when the connection is lost, since a broker
 * that restarted has forgotten its locks. Locks once lost are never taken again by the same object.
 */
export class QueueLocks {
  readonly lease = new Lease();
  readonly #options: LockOptions;
  readonly #lost = new AbortController();
  readonly #released = new AbortController();
  #renewing: Promise<void> = Promise.resolve();
  #owesWait: boolean;

  constructor(options: LockOptions) {
    this.#options = options;
    this.#owesWait = options.owesWait;
  }

  /** Aborts when the locks are lost, with the reason. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Whether what an earlier attempt may still be writing has not been waited out: nobody may write yet. */
  get owesWait(): boolean {
    return this.#owesWait;
  }

  /**
   * Takes the locks. Where an earlier attempt of this pump still holds them, they are taken from it at once, and its lease and
   * its last send are waited out; somebody else's are waited for until they lapse (60 s after the last renewal).
   * @throws TransportError, and the reason of `until` or of the loss
   */
  async take(until: AbortSignal): Promise<void> {
    const { destination, broker, formerOwners, group, keys, onWait } = this.#options;
    let { isAtRest } = this.#options;
    const stopWatching = destination.onLocksLost((name) => {
      if (name === broker) this.#lose(`the connection to broker ${name} was lost`);
    });
    this.#released.signal.addEventListener('abort', stopWatching, { once: true });
    let forced = false;
    let asked = now();
    while (!(await this.#ask())) {
      isAtRest = false;
      if (!forced && formerOwners.length > 0) {
        // First, because a request without an answer may have taken them away as well.
        forced = this.#owesWait = true;
        for (const former of formerOwners) await destination.unlock(broker, group, former, keys);
      } else {
        onWait(`another pump holds locks of these ${keys.length} queues; they lapse 60 s after its last renewal`);
        // Two pumps that each held a part would keep each other waiting for ever.
        if (!forced) await this.#unlock();
        await pause(RETRY_MS, until);
      }
      until.throwIfAborted();
      asked = now();
    }
    this.lease.renew(asked);
    this.#renewing = this.#keepRenewing();
    const drain = isAtRest ? 0 : SEND_QUEUE_DRAIN_MS;
    const wait = this.#owesWait ? LEASE_MS + SEND_TIMEOUT_MS + SEND_QUEUE_DRAIN_MS : drain;
    await pause(wait, AbortSignal.any([until, this.lost]));
    until.throwIfAborted();
    this.lost.throwIfAborted();
    this.#owesWait = false;
  }

  /**
   * Gives the locks back, whether they are still held or not. Nothing may be under way any more. Where an earlier attempt has not
   * been waited out they are kept, so that whoever comes next waits.
   */
  async release(): Promise<void> {
    this.#released.abort();
    this.lease.end();
    await this.#renewing;
    if (!this.#owesWait) await this.#unlock().catch(() => undefined);
  }

  async #unlock(): Promise<void> {
    const { destination, broker, group, owner, keys } = this.#options;
    await destination.unlock(broker, group, owner, keys);
  }

  async #ask(): Promise<boolean> {
    const { destination, broker, group, owner, keys } = this.#options;
    const held = await destination.lock(broker, group, owner, keys);
    return held.length >= keys.length;
  }

  /** A renewal that succeeds after the lease was over proves nothing: somebody may have held the locks in between. */
  async #keepRenewing(): Promise<void> {
    const over = AbortSignal.any([this.#released.signal, this.lost]);
    for (;;) {
      await pause(RENEW_EVERY_MS, over);
      if (over.aborted) return;
      const asked = now();
      const held = await this.#ask().catch(() => undefined);
      if (held === false) this.#lose('another pump holds them');
      else if (!this.lease.valid) this.#lose('they were not renewed in time');
      else if (held) this.lease.renew(asked);
    }
  }

  #lose(reason: string): void {
    this.lease.end();
    this.#lost.abort(new Error(`the locks on broker ${this.#options.broker} are lost: ${reason}`));
  }
}
