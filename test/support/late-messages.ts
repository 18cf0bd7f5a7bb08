import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { findJava } from '../../src/stack/fetch/java.ts';
import { rocketmqJars } from '../../src/stack/fetch/rocketmq.ts';

const SOURCE = fileURLToPath(new URL('java/LateMessages.java', import.meta.url));
const ANSWER_LIMIT_MS = 60_000;

export interface LateOptions {
  readonly nameServers: readonly string[];
  readonly topic: string;
  /** Of each kind. */
  readonly count: number;
  /** 3 is 10 s, 4 is 30 s. */
  readonly delayLevel: number;
}

/** Delayed and half messages of RocketMQ's own Java client that wait on a broker (java/LateMessages.java). */
export class LateMessages {
  readonly #process: ChildProcess;
  readonly #lines: Interface;
  readonly #folder: string;

  private constructor(process: ChildProcess, folder: string) {
    this.#process = process;
    this.#folder = folder;
    this.#lines = createInterface(process.stdout!);
  }

  /** Resolves when all of them are stored. */
  static async store({ nameServers, topic, count, delayLevel }: LateOptions): Promise<LateMessages> {
    const [java, jars] = [await findJava(), await (await rocketmqJars())(() => undefined)];
    const folder = await mkdtemp(join(tmpdir(), 'replicator-late-'));
    const own = ['-XX:-UsePerfData', `-Duser.home=${folder}`, `-Djava.io.tmpdir=${folder}`];
    const args = ['-Xmx128m', '-XX:TieredStopAtLevel=1', ...own, '-cp', jars, SOURCE];
    const more = [nameServers.join(';'), topic, String(count), String(delayLevel)];
    const late = new LateMessages(
      spawn(java.command, [...args, ...more], { stdio: ['pipe', 'pipe', 'inherit'] }),
      folder,
    );
    await late.#says('waiting');
    return late;
  }

  async commit(): Promise<void> {
    const committed = this.#says('committed');
    this.#process.stdin!.write('\n');
    await committed;
  }

  async close(): Promise<void> {
    this.#process.kill('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }

  #says(word: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`not ${word} within ${ANSWER_LIMIT_MS} ms`));
      }, ANSWER_LIMIT_MS);
      this.#process.once('exit', (code) => {
        reject(new Error(`ended with ${code}`));
      });
      this.#lines.on('line', (line) => {
        if (line !== word) return;
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
