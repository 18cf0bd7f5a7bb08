import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where a worker is to be struck: at the nth activity of a failover, counted from `strikeAt` on. */
export interface Strike {
  readonly nth: number;
  /** Its effect. */
  readonly when: 'before' | 'after';
  /** `kill`: the worker, by SIGKILL. `stall`: the activity stays there until `goOn`. */
  readonly blow: 'kill' | 'stall';
  /** Count only this one. */
  readonly activity?: string;
}

/** Strikes at the activities of failovers in worker processes that are started with its `nodeArgs` and `env`. The code that runs there is the product's. */
export class Strikes {
  readonly nodeArgs = ['--import', fileURLToPath(new URL('strike.mjs', import.meta.url))];
  readonly env: Readonly<Record<string, string>>;
  readonly #folder: string;
  readonly #file: string;
  #orders = 0;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#file = join(folder, 'strike.json');
    this.env = { STRIKE_FILE: this.#file };
  }

  static async create(): Promise<Strikes> {
    return new Strikes(await mkdtemp(join(tmpdir(), 'strikes-')));
  }

  async strikeAt(strike: Strike): Promise<void> {
    await this.goOn();
    // a worker sees all of it or nothing
    await writeFile(`${this.#file}.new`, JSON.stringify({ ...strike, order: ++this.#orders }));
    await rename(`${this.#file}.new`, this.#file);
  }

  /** The activity that was struck, once one was. */
  async struck(): Promise<string | undefined> {
    return await readFile(`${this.#file}.struck`, 'utf8').catch(() => undefined);
  }

  /** Nothing is struck any more, and what was stalled goes on. */
  async goOn(): Promise<void> {
    await rm(this.#file, { force: true });
    await rm(`${this.#file}.struck`, { force: true });
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
