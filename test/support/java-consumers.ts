import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { findJava } from '../../src/stack/fetch/java.ts';
import { rocketmqJars } from '../../src/stack/fetch/rocketmq.ts';

const ANSWER_LIMIT_MS = 60_000;
/** Beside this file in the checkout; what is built into `dist` has no Java. */
const SOURCE = fileURLToPath(new URL('java/Consumers.java', import.meta.url.replace('/dist/test/', '/test/')));

export interface JavaConsumerOptions {
  /** Of one application, unique in its process. */
  readonly name: string;
  /**
   * `orderly` and `push` keep offsets, and work on one message of a queue at a time or on many; `pop` is dealt messages by the broker, `grpc` by a
   * proxy.
   */
  readonly mode: 'orderly' | 'push' | 'pop' | 'grpc';
  /** `host:port` of the name servers; of a proxy for `grpc`. */
  readonly servers: readonly string[];
  readonly group: string;
  readonly topic: string;
  readonly threads?: number;
  /** Messages of a queue that are fetched ahead. */
  readonly cache?: number;
  /** How long it works on one message. ms */
  readonly delayMs?: number;
  /** Each message whose number divides by this (the digits at the end of its keys) is refused at the first attempt. */
  readonly failEvery?: number;
}

/** A message that an application was given. */
export interface Consumed {
  readonly queue: number;
  readonly offset: number;
  /** 0 at first. */
  readonly attempt: number;
  /** Otherwise the application asked for it once more. */
  readonly acknowledged: boolean;
  /** ms since 1970 */
  readonly at: number;
  readonly keys: string;
}

/** Applications that consume with RocketMQ's own Java client (java/Consumers.java), all in one process, and a ledger of what each was given. */
export class JavaConsumers {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #ledgers = new Map<string, Consumed[]>();
  readonly #answers = new Map<string, (failure: string | undefined) => void>();
  #lastWords = '';

  private constructor(process: ChildProcess, folder: string) {
    this.#process = process;
    this.#folder = folder;
    process.stderr!.on('data', (chunk: Buffer) => {
      this.#lastWords = (this.#lastWords + chunk.toString()).slice(-2000);
    });
    process.once('exit', (code, signal) => {
      for (const answer of this.#answers.values()) answer(`the process ended (${signal ?? code}): ${this.#lastWords}`);
    });
    createInterface(process.stdout!).on('line', (line) => {
      this.#read(line);
    });
  }

  static async start(): Promise<JavaConsumers> {
    const [java, jars] = [await findJava(), await (await rocketmqJars())(() => undefined)];
    const folder = await mkdtemp(join(tmpdir(), 'replicator-consumers-'));
    const args = [
      '-Xmx256m',
      '-XX:TieredStopAtLevel=1',
      '-XX:+UseSerialGC',
      '-XX:-UsePerfData',
      `-Duser.home=${folder}`,
      `-Djava.io.tmpdir=${folder}`,
      '-cp',
      jars,
      SOURCE,
    ];
    const consumers = new JavaConsumers(spawn(java.command, args), folder);
    try {
      await consumers.#answered('ready');
    } catch (error) {
      await consumers.close();
      throw error;
    }
    return consumers;
  }

  /** What the application of this name was given so far, also after it was stopped. */
  ledger(name: string): readonly Consumed[] {
    return this.#ledgers.get(name) ?? [];
  }

  /** Resolves when its client has started, which is before it gets its first message. */
  async start(options: JavaConsumerOptions): Promise<void> {
    const { name, mode, group, topic } = options;
    const { threads = 20, cache = 1000, delayMs: delay = 0, failEvery = 0 } = options;
    const server = options.servers.join(';');
    if (!this.#ledgers.has(name)) this.#ledgers.set(name, []);
    await this.#command({ do: 'start', name, mode, server, group, topic, threads, cache, delay, failEvery });
  }

  /** Resolves when it has finished what it was working on, committed it, and left its group. */
  async stop(name: string): Promise<void> {
    await this.#command({ do: 'stop', name });
  }

  /** Stops all. */
  async close(): Promise<void> {
    const { exitCode, signalCode } = this.#process;
    if (exitCode === null && signalCode === null) {
      const ended = once(this.#process, 'exit');
      const impatient = setTimeout(() => this.#process.kill('SIGKILL'), ANSWER_LIMIT_MS);
      this.#process.stdin!.end();
      await ended;
      clearTimeout(impatient);
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #command(command: Readonly<Record<string, string | number>> & { readonly name: string }): Promise<void> {
    const line = Object.entries(command).map(([key, value]) => `${key}=${value}`);
    const answered = this.#answered(command.name);
    this.#process.stdin!.write(`${line.join(' ')}\n`);
    await answered;
  }

  #answered(name: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const answer = (failure: string | undefined) => {
        clearTimeout(timer);
        this.#answers.delete(name);
        if (failure === undefined) resolve();
        else reject(new Error(`consumer ${name}: ${failure}`));
      };
      const timer = setTimeout(() => {
        answer(`no answer within ${ANSWER_LIMIT_MS} ms; ${this.#lastWords}`);
      }, ANSWER_LIMIT_MS);
      this.#answers.set(name, answer);
    });
  }

  #read(line: string): void {
    const [word, name = 'ready', ...rest] = line.split(' ');
    if (word === 'got') {
      const [queue, offset, attempt, outcome, at, ...keys] = rest;
      this.#ledgers.get(name)!.push({
        ...{ queue: Number(queue), offset: Number(offset), attempt: Number(attempt), at: Number(at) },
        acknowledged: outcome === 'acknowledged',
        keys: keys.join(' '),
      });
    } else this.#answers.get(name)?.(word === 'failed' ? rest.join(' ') : undefined);
  }
}
