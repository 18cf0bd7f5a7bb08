import type { LoadedConfig } from '../../config/types.ts';
import { messageOf } from '../failure.ts';
import type { Chosen } from '../../pump/flow-lag.ts';
import { Newest } from './newest.ts';
import { OffsetWatch } from './offset-watch.ts';
import type { Offsets } from './sample.ts';

/** What is copied from where to where. */
export type Copied = Chosen & { readonly source: string; readonly destination: string };

export interface OffsetsView {
  readonly offsets?: Offsets;
  readonly before?: Offsets;
  readonly trouble?: string;
}

/** The offsets of one direction, as its source says them. */
export class DirectionWatch {
  readonly #replication: string;
  readonly #config: LoadedConfig | undefined;
  readonly #copied: () => Copied | undefined;
  readonly #newest = new Newest(() => this.#ask());
  #watch: OffsetWatch | undefined;
  #last: Offsets | undefined;

  constructor(replication: string, config: LoadedConfig | undefined, copied: () => Copied | undefined) {
    this.#replication = replication;
    this.#config = config;
    this.#copied = copied;
  }

  async get(): Promise<OffsetsView> {
    return await this.#newest.get();
  }

  close(): void {
    this.#watch?.close();
  }

  async #ask(): Promise<OffsetsView> {
    try {
      const before = this.#last;
      const offsets = await this.#read();
      this.#last = offsets;
      return { offsets, ...(before ? { before } : {}) };
    } catch (error) {
      return { trouble: `lag unknown: ${messageOf(error)}` };
    }
  }

  async #read(): Promise<Offsets> {
    const copied = this.#copied();
    if (!copied) throw new Error('the configuration file does not name it and no worker says what it copies');
    const { source, destination } = copied;
    const cluster = this.#config?.clusters.get(source);
    if (!cluster) throw new Error(`no configuration file names the cluster ${source}`);
    this.#watch ??= await OffsetWatch.open({ replication: this.#replication, source, destination }, cluster);
    return await this.#watch.read(copied);
  }
}
