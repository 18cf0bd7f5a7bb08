import { setTimeout as sleep } from 'node:timers/promises';
import { TransportError } from '../../src/transport/errors.ts';
import type { Destination, Queue } from '../../src/transport/types.ts';
import { encodeBatch, type TestMessage } from './messages.ts';

const BATCH_MESSAGES = 5;
/** Of each queue, also where single sends take longer. */
const BATCHES_A_SECOND = 100;
/** What a broker answers to a send that its fence refuses, and to one for which it has no time just now: nothing was stored. */
const SYSTEM_ERROR = 1;
const SYSTEM_BUSY = 2;

/** One side that an application produces to. */
export interface Side {
  readonly writer: Destination;
  readonly broker: string;
}

/**
 * An application's producer that moves: it writes to one cluster until that refuses it or it is told to stop, waits, and goes on on another one with the
 * very next message of each queue. Messages of a queue are numbered (`SEQ`), so that their order can be told on either side.
 */
export class MovingProducer {
  /** When the last message was acknowledged before the move, and the first one behind it. ms since 1970 */
  lastBefore = 0;
  firstAfter = Infinity;
  readonly #topic: string;
  readonly #sent: number[];
  readonly #first: number;
  #side: Side;
  #hasMoved = false;
  #isStopped = false;
  #paused: Promise<void> | undefined;
  #goOn: () => void = () => undefined;
  readonly #lanes: Promise<void>[];

  /** @param first number of the first message of each queue */
  constructor(topic: string, queues: number, side: Side, first = 0) {
    this.#topic = topic;
    this.#first = first;
    this.#side = side;
    this.#sent = Array.from({ length: queues }, () => 0);
    this.#lanes = this.#sent.map((_, id) => this.#produce(id));
    // told by `stop`
    for (const lane of this.#lanes) lane.catch(() => undefined);
  }

  /** Acknowledged messages of each queue. */
  get sent(): readonly number[] {
    return this.#sent;
  }

  /** Resolves when nothing is under way any more: what operators call "the producers have stopped". */
  async pause(): Promise<void> {
    this.#hold();
    await sleep(200);
  }

  moveTo(side: Side): void {
    this.#side = side;
    this.#hasMoved = true;
    this.tryAgain();
  }

  /** Where it was refused or paused. */
  tryAgain(): void {
    this.#goOn();
    this.#paused = undefined;
  }

  /** @throws the failure of a send that was neither refused by a fence nor put off */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#goOn();
    await Promise.all(this.#lanes);
  }

  #hold(): void {
    this.#paused ??= new Promise((resolve) => {
      this.#goOn = resolve;
    });
  }

  async #produce(id: number): Promise<void> {
    let dueAt = performance.now();
    for (;;) {
      if (this.#paused) {
        await this.#paused;
        dueAt = performance.now();
      }
      if (this.#isStopped) return;
      const { writer, broker } = this.#side;
      const batch = this.#next(id);
      try {
        await writer.send({ topic: this.#topic, broker, id } satisfies Queue, batch, 5_000);
        this.#sent[id]! += BATCH_MESSAGES;
        if (this.#hasMoved) this.firstAfter = Math.min(this.firstAfter, Date.now());
        else this.lastBefore = Date.now();
      } catch (error) {
        const code = error instanceof TransportError && error.answered ? error.code : undefined;
        if (code === SYSTEM_ERROR && !this.#hasMoved) this.#hold();
        else if (code !== SYSTEM_BUSY) throw error;
      }
      dueAt += 1000 / BATCHES_A_SECOND;
      await sleep(Math.max(0, dueAt - performance.now()));
    }
  }

  #next(id: number) {
    const first = this.#first + this.#sent[id]!;
    const messages = Array.from({ length: BATCH_MESSAGES }, (_, i): TestMessage => ({
      flag: 0,
      sysFlag: 0,
      body: Buffer.from(`message ${first + i} of queue ${id}`),
      properties: [
        ['KEYS', `${id}-${first + i}`],
        ['SEQ', String(first + i)],
      ],
    }));
    const part = encodeBatch(messages);
    return { sysFlag: 0, bornTimestamp: Date.now(), parts: [part], bytes: part.length, messages: messages.length };
  }
}
