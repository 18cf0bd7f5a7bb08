import type { ByteBudget } from '../pump/byte-budget.ts';
import type { SyncGroupsInput } from '../replication/group-progress.ts';
import type { Cluster } from '../transport/types.ts';
import { GroupSync } from './group-sync.ts';
import { TwoWayTranslator } from './translate-two-way.ts';
import { Translator } from './translate.ts';

export interface OpenSyncOptions {
  readonly source: Cluster;
  readonly destination: Cluster;
  readonly budget: ByteBudget;
  /** Ends what is under way. */
  readonly signal?: AbortSignal;
  /** See `GroupSyncOptions`; without it nothing may be written. */
  readonly assertCurrent?: () => void;
}

/** Works with a sync of this flow's groups, whose connections are closed afterwards. */
export async function withGroupSync<T>(
  flow: SyncGroupsInput,
  { source, destination, budget, signal, assertCurrent = readOnly }: OpenSyncOptions,
  work: (sync: GroupSync) => Promise<T>,
): Promise<T> {
  const reader = destination.openDestination();
  const active = source.openSource();
  const translator = new Translator({ reader, budget, signal });
  const twoWayTranslator = new TwoWayTranslator({ active, other: reader, budget, signal });
  try {
    return await work(
      new GroupSync(flow, {
        ...{ source, destination, assertCurrent },
        translate: (queue, { positions, twoWay }) =>
          twoWay ? twoWayTranslator.translate(queue, { positions, ...twoWay }) : translator.translate(queue, positions),
        dispatched: (broker) => reader.dispatched(broker),
      }),
    );
  } finally {
    reader.close();
    active.close();
  }
}

function readOnly(): never {
  throw new Error('this look at groups writes nothing');
}
