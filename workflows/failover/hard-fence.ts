import { CancellationScope, sleep } from '@temporalio/workflow';
import type { Survey } from '../../activities/failover/types.ts';
import { FENCE_MS, type AcceptsFrom } from '../../src/replication/failover/settings.ts';
import { attempted, insisted } from './activities.ts';

/** A third of how long a fence lasts by itself. */
const RENEW_EVERY = '40s';

/** Between an effect's look at the broker's clock and its setting pass some seconds; a renewal that begins so shortly before the end may come too late. ms */
const MARGIN_MS = 20_000;

/** `fence: broker`: holds while it is renewed, and lifts by itself two minutes after the last time. */
export class HardFence {
  /** Sends may have been let in since it began: nobody is known to have renewed it for two minutes. */
  hasLapsed = false;
  readonly #survey: Survey;
  readonly #renewing = new CancellationScope();
  #renewed: Promise<void> = Promise.resolve();
  /** Until when it holds, by broker and by the broker's clock. ms */
  readonly #until = new Map<string, number>();

  constructor(survey: Survey) {
    this.#survey = survey;
  }

  async begin(): Promise<void> {
    this.#note(await attempted.fenceBrokers(this.#place));
    // it ends by being cancelled; should renewing fail for good, `assertHeld` finds out
    this.#renewed = this.#renewing.run(() => this.#keep()).catch(() => undefined);
  }

  /** @throws Error if sends were let in meanwhile */
  async assertHeld(): Promise<void> {
    await this.#renew(attempted);
    if (this.hasLapsed)
      throw new Error(
        'the fence lapsed, because nobody renewed it for two minutes; messages may have come in behind the cut',
      );
  }

  /** Puts back what was there before. What cannot be within two minutes has lapsed by then. */
  async lift(): Promise<void> {
    this.#renewing.cancel();
    await this.#renewed;
    await attempted.restoreBrokers({ cluster: this.#survey.source, brokers: this.#survey.before.brokers });
  }

  async #keep(): Promise<void> {
    for (;;) {
      await sleep(RENEW_EVERY);
      await this.#renew(insisted);
    }
  }

  async #renew(activities: typeof insisted): Promise<void> {
    const fences = await activities.fenceBrokers(this.#place);
    // not by what the effect found: an attempt before it, which nobody heard of, may have fenced anew what had lapsed
    this.hasLapsed ||= fences.some(({ broker, from }) => from - FENCE_MS >= this.#until.get(broker)! - MARGIN_MS);
    this.#note(fences);
  }

  #note(fences: readonly AcceptsFrom[]): void {
    for (const { broker, from } of fences) this.#until.set(broker, Math.max(from, this.#until.get(broker) ?? from));
  }

  get #place() {
    return { cluster: this.#survey.source, brokers: this.#survey.before.brokers.map(({ broker }) => broker) };
  }
}
