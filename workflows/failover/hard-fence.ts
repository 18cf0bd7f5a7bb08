import { CancellationScope, sleep } from '@temporalio/workflow';
import type { Survey } from '../../activities/failover/types.ts';
import { attempted, insisted } from './activities.ts';

/** A third of how long a fence lasts by itself. */
const RENEW_EVERY = '40s';

/** `fence: broker`: holds while it is renewed, and lifts by itself two minutes after the last time. */
export class HardFence {
  /** Sends were let in since it began: nobody renewed it for two minutes. */
  hasLapsed = false;
  readonly #survey: Survey;
  readonly #renewing = new CancellationScope();
  #renewed: Promise<void> = Promise.resolve();

  constructor(survey: Survey) {
    this.#survey = survey;
  }

  async begin(): Promise<void> {
    await attempted.fenceBrokers(this.#place);
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

  /** Puts back what was there before. */
  async lift(): Promise<void> {
    this.#renewing.cancel();
    await this.#renewed;
    await insisted.restoreBrokers({ cluster: this.#survey.source, brokers: this.#survey.before.brokers });
  }

  async #keep(): Promise<void> {
    for (;;) {
      await sleep(RENEW_EVERY);
      await this.#renew(insisted);
    }
  }

  async #renew(activities: typeof insisted): Promise<void> {
    const fences = await activities.fenceBrokers(this.#place);
    this.hasLapsed ||= fences.some(({ wasOpen }) => wasOpen);
  }

  get #place() {
    return { cluster: this.#survey.source, brokers: this.#survey.before.brokers.map(({ broker }) => broker) };
  }
}
