import type { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../replication/search-attributes.ts';

/** `INDEXED_VALUE_TYPE_KEYWORD` of Temporal's API. */
const KEYWORD = 2;
const TIMEOUT_MS = 5000;

/**
 * Which of our search attributes the namespace accepts. Those that are missing are added where the worker may do that (a dev server, a cluster of
 * one's own); elsewhere (Temporal Cloud) an administrator adds them, or replications run without.
 */
export async function provideSearchAttributes(connection: Connection, namespace: string): Promise<string[]> {
  const known = await list(connection, namespace);
  const missing = SEARCH_ATTRIBUTES.filter((name) => !known.includes(name));
  if (missing.length === 0) return [...SEARCH_ATTRIBUTES];
  try {
    await connection.withDeadline(Date.now() + TIMEOUT_MS, () =>
      connection.operatorService.addSearchAttributes({
        namespace,
        searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
      }),
    );
    return await list(connection, namespace);
  } catch {
    return known;
  }
}

/** Ours that exist as keywords. Empty where we may not even ask. */
async function list(connection: Connection, namespace: string): Promise<string[]> {
  try {
    const { customAttributes } = await connection.withDeadline(Date.now() + TIMEOUT_MS, () =>
      connection.operatorService.listSearchAttributes({ namespace }),
    );
    return SEARCH_ATTRIBUTES.filter((name) => Number(customAttributes[name]) === KEYWORD);
  } catch {
    return [];
  }
}
