/** Keywords by which replications can be listed and filtered, where the namespace has them. */
export const SEARCH_ATTRIBUTES = [
  'ReplicatorState',
  'ReplicatorHealth',
  'ReplicatorSource',
  'ReplicatorDestination',
] as const;
export type SearchAttributeName = (typeof SEARCH_ATTRIBUTES)[number];
