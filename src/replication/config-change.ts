import type { ReplicationInput } from './input.ts';

/** What may change while a replication runs, and what may not. */

type Field = keyof ReplicationInput;

const CHANGEABLE: ReadonlySet<Field> = new Set<Field>([
  'topics',
  'exclude',
  'groups',
  'resetOnline',
  'tags',
  'onGap',
  'onPoison',
  'rateLimit',
  'parallelism',
]);

export interface ConfigChange {
  /** Fields that differ, sorted. */
  readonly fields: readonly Field[];
  /** Of these, what cannot change while the replication runs: a sentence each. */
  readonly refused: readonly { readonly field: Field; readonly reason: string }[];
}

export function configChange(now: ReplicationInput, wanted: ReplicationInput): ConfigChange {
  const fields = (Object.keys({ ...now, ...wanted }) as Field[])
    .filter((field) => canonical(now[field]) !== canonical(wanted[field]))
    .sort();
  const refused = fields.flatMap((field) => {
    const reason = whyNot(field, now, wanted);
    return reason === undefined ? [] : [{ field, reason: `${field}: ${reason}` }];
  });
  return { fields, refused };
}

function whyNot(field: Field, now: ReplicationInput, wanted: ReplicationInput): string | undefined {
  if (!CHANGEABLE.has(field)) return 'cannot change while the replication runs; it needs stop and start';
  const left = field === 'topics' ? now.topics.filter((topic) => !wanted.topics.includes(topic)) : [];
  if (left.length > 0) return `leaves out ${left.join(', ')}; taking topics away needs stop and start`;
  return undefined;
}

/** The same text for the same value, whatever the order of its keys. */
function canonical(value: unknown): string | undefined {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
